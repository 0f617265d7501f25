"""What the mailer and the process that speaks Apprise tell each other, as one line of JSON each."""

from __future__ import annotations

from typing import Literal

import msgspec


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Bring this to there."""

    url: str
    title: str
    body: str
    files: tuple[str, ...]
    networks: str


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it."""

    outcome: Literal["sent", "refused", "failed", "unknown", "unfit", "forbidden"]
    code: int = 0
    """The HTTP status, if there was one."""
    words: str = ""
    attached: bool = False
    """The files went along."""
