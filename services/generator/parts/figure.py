"""A key figure: one number that matters, and how it has changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from services.generator.parts.formats import NumberFormat


@dataclass(frozen=True)
class FigurePart:
    """`value` as the source gave it; `change` is the share by which it differs from `previous` (0.1 is +10 %)."""

    title: str
    value: Decimal | int | float | str | date | datetime | None
    previous: Decimal | int | float | None = None
    change: float | None = None
    mood: Literal["good", "bad"] | None = None
    format: NumberFormat | None = None
    width: str = "half"
    notes: tuple[str, ...] = ()
