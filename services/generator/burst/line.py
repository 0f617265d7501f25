"""The list of the recipients of a burst: a line for each, kept in pieces in the artifact storage.

It is the same whoever goes on with it and however much later: after a death, after a canary, after a night.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from libs.common.delivering import Channel, Refusal
from libs.common.messages import Format
from libs.common.storage import ArtifactStorage
from libs.common.values import Choice

PIECE_LINES = 200
"""So many reports are ordered in one transaction at most."""

Value = bool | int | float | str | None


class Line(Choice, frozen=True, kw_only=True):
    """One recipient. `identity` tells them from the others of the list, and is the same in every burst."""

    address: str
    identity: str = ""
    name: str = ""
    channel: Channel = "email"
    destination: str = ""
    """The name of the place; empty: the mailbox `address`."""
    locale: str = ""
    formats: tuple[Format, ...] = ()
    key: str = ""
    shares: tuple[tuple[int, int], ...] = ()
    values: tuple[tuple[str, Value], ...] = ()
    """Of those parameters that the query gives."""
    refusal: Refusal = ""
    reason: str = ""


def piece_key(prefix: str, number: int) -> str:
    """Where in the artifact storage a piece of the list is."""
    return f"{prefix}/recipients-{number:06}.json"


def read_piece(storage: ArtifactStorage, prefix: str, number: int) -> Sequence[Line]:
    """The lines of a piece."""
    return msgspec.json.decode(storage.read(piece_key(prefix, number)), type=list[Line])
