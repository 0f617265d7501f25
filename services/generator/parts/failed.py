"""A widget that could not be drawn: said in its place, while the others go on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FailedPart:
    """What stands where the widget would be."""

    title: str
    reason: str
    width: str = "full"
