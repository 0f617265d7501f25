"""How numbers, dates and times are written: from the words of a template to what each renderer needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class NumberFormat:
    """A format that was asked for. `excel` is its code in a workbook; the rest is for text (PDF, HTML, letters)."""

    kind: Literal["integer", "decimal", "percent", "currency", "date", "datetime", "time", "text", "excel"]
    excel: str
    decimals: int | None = None
    currency: str = ""
