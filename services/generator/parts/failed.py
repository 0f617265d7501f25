"""A widget that could not be drawn: said in its place, while the others go on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class FailedPart:
    """What stands where the widget would be."""

    title: str
    reason: str
    width: str = "full"
    no_rows: bool = False
    """Only because nothing was found: there is nothing to mend."""

    @property
    def notes(self) -> tuple[str, ...]:
        """The failure as a sentence for the reader of the whole report."""
        return (f"{self.title}: {self.reason}",)
