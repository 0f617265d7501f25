"""What Excel could not show as it is, counted while the cells are written."""

from __future__ import annotations

from dataclasses import dataclass

MAX_CHARACTERS = 32_767
"""The longest text of a cell, counted in UTF-16 units as Excel does."""


@dataclass
class Oddities:
    """How many values of a workbook are not what Excel would make of them."""

    cut_texts: int = 0
    numbers: int = 0
    moments: int = 0

    def sentences(self) -> tuple[str, ...]:
        """What the reader must know about this file."""
        told = []
        if self.cut_texts:
            texts, verb = _counted(self.cut_texts, "text")
            end = "ends" if self.cut_texts == 1 else "end"
            told.append(
                f"{texts} {verb} longer than the {MAX_CHARACTERS:,} characters of an Excel cell and {end} with …."
            )
        if self.numbers:
            numbers, verb = _counted(self.numbers, "number")
            told.append(
                f"{numbers} {verb} written as text in the workbook: Excel keeps 15 digits, and no NaN or infinity."
            )
        if self.moments:
            dates, verb = _counted(self.moments, "date")
            told.append(
                f"{dates} {verb} written as text in the workbook: Excel knows no days before March 1900 or after 9999."
            )
        return tuple(told)


def _counted(count: int, noun: str) -> tuple[str, str]:
    return (f"1 {noun}", "is") if count == 1 else (f"{count:,} {noun}s", "are")
