"""What a child process is told of a burst, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field

from libs.common.addresses import EVERYWHERE, AllowedDomains
from libs.common.delivering import Burst, Destination


@dataclass(frozen=True, kw_only=True)
class Assignment:
    """Whom to list. `destinations` are the places that lines may name, `allowed` the domains of their addresses."""

    burst: Burst
    destinations: tuple[Destination, ...] = ()
    allowed: AllowedDomains = field(default=EVERYWHERE)


@dataclass(frozen=True, kw_only=True)
class Listed:
    """The list is kept under `prefix` in the artifact storage, with the shares if there are any.

    `orderable` of its `lines` get a report. `without_rows` of them have no share; None if the rows are not shared out.
    """

    prefix: str
    lines: int
    orderable: int
    duplicates: int
    without_rows: int | None
    query_seconds: float
