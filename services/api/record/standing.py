"""How far a thing is: of two facts about it, the greater one stands."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

_BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Standing(NamedTuple):
    """Compares facts: what cannot be undone is greatest, then the later attempt, the later phase, the later moment."""

    is_final: bool
    attempt: int
    phase: int
    at: datetime

    @classmethod
    def of(
        cls, phases: Sequence[str], phase: str, attempt: int, at: datetime | None, finals: Collection[str] = ()
    ) -> Standing:
        """The standing of `phase`, of which `finals` and the last cannot be undone. Before anything was told there is
        no moment."""
        is_final = phase == phases[-1] or phase in finals
        return cls(is_final, attempt, phases.index(phase), at or _BEFORE_ALL)


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of the moments that are known."""
    return min((one for one in moments if one is not None), default=None)


def latest(*moments: datetime | None) -> datetime | None:
    """The last of the moments that are known."""
    return max((one for one in moments if one is not None), default=None)
