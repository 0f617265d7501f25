"""Marks at round numbers along an axis."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from services.generator.parts.chart import Series

_STEPS = (1, 2, 2.5, 5, 10)


@dataclass(frozen=True)
class Scale:
    """From the lowest mark to the highest."""

    marks: tuple[Decimal, ...]

    @property
    def low(self) -> float:
        """The lowest mark."""
        return float(self.marks[0])

    @property
    def high(self) -> float:
        """The highest mark."""
        return float(self.marks[-1])

    def share(self, value: float) -> float:
        """How far along the axis a value is: 0 at the lowest mark, 1 at the highest."""
        return (value - self.low) / (self.high - self.low)


def scale_of(low: float, high: float, most_marks: int) -> Scale:
    """A scale from `low` to `high` at least, with at most about `most_marks` marks."""
    if low == high:
        low, high = min(low, 0.0), max(high, 0.0) or 1.0
    rough = (high - low) / max(1, most_marks - 1)
    magnitude = 10.0 ** math.floor(math.log10(rough))
    factor = next((step for step in _STEPS if step * magnitude >= rough * 0.999), 10)
    step = Decimal(str(factor)) * (Decimal(10) ** math.floor(math.log10(rough)))
    first, last = math.floor(low / float(step) + 1e-9), math.ceil(high / float(step) - 1e-9)
    return Scale(tuple(step * number for number in range(first, max(last, first + 1) + 1)))


def stacked(series: Sequence[Series]) -> list[list[tuple[float, float]]]:
    """For each series where each of its values begins and ends on top of those before; gaps count as 0."""
    length = len(series[0].values) if series else 0
    above, below = [0.0] * length, [0.0] * length
    layers = []
    for one in series:
        layer = []
        for index, value in enumerate(one.values):
            ends = above if (value or 0.0) >= 0 else below
            start = ends[index]
            ends[index] = start + (value or 0.0)
            layer.append((start, ends[index]))
        layers.append(layer)
    return layers


def extent(series: Sequence[Series], *, is_stacked: bool, from_zero: bool) -> tuple[float, float]:
    """The least and the greatest height that is drawn."""
    if is_stacked:
        values = [end for layer in stacked(series) for pair in layer for end in pair]
    else:
        values = [value for one in series for value in one.values if value is not None]
    low, high = min(values, default=0.0), max(values, default=1.0)
    if from_zero or (low >= 0 and low < 0.6 * high):
        low = min(low, 0.0)
    return low, max(high, 0.0) if from_zero else high
