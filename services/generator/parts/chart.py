"""A chart: categories, and one or more series of numbers over them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from services.generator.parts.formats import NumberFormat

MAX_POINTS = 500
"""Categories that a chart shows; beyond that its answer is cut, and a note says so."""


@dataclass(frozen=True)
class Series:
    """One line, or one colour of bars. None is a gap."""

    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class ChartPart:
    """Drawn natively by each renderer: an Excel chart in xlsx, vectors in PDF, SVG in HTML."""

    title: str
    kind: Literal["bar", "line", "area", "pie"]
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    stacked: bool = False
    x_label: str = ""
    format: NumberFormat | None = None
    width: str = "full"
    notes: tuple[str, ...] = ()
    """What its reader must know, such as categories that were left out."""
