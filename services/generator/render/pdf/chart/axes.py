"""The frame of a chart: marks and their numbers, thin lines across, categories below."""

from __future__ import annotations

import math
from dataclasses import dataclass

from services.generator.parts import ChartPart
from services.generator.parts.writing import Writer
from services.generator.render.pdf.ink import MUTED, RULE, line
from services.generator.render.pdf.pages import Pages, Size
from services.generator.render.pdf.wrap import shortened, wrap
from services.generator.render.plot.scale import Scale, extent, scale_of

LABEL_SIZE = 7.5
_LABEL_LINE = 9.0


@dataclass(frozen=True)
class Axes:
    """The area within the axes, in points, and its scale."""

    left: float
    bottom: float
    width: float
    height: float
    scale: Scale
    count: int
    """How many categories there are."""

    def x(self, index: int) -> float:
        """The middle of a category."""
        return self.left + self.width * (index + 0.5) / self.count

    def y(self, value: float) -> float:
        """The height of a value."""
        return self.bottom + self.height * self.scale.share(value)

    @property
    def step(self) -> float:
        """The width of one category."""
        return self.width / self.count


def draw_axes(pages: Pages, part: ChartPart, writer: Writer, corner: tuple[float, float], size: Size) -> Axes:
    """The axes within the rectangle that begins at `corner` (lower left)."""
    from_zero = part.kind in ("bar", "area")
    low, high = extent(part.series, is_stacked=_is_stacked(part), from_zero=from_zero)
    scale = scale_of(low, high, max(3, int(size[1] / 34)))
    numbers = [writer.value(mark, part.format) for mark in scale.marks]
    widest = max(pages.regular.width(number, LABEL_SIZE) for number in numbers)
    left, right = corner[0] + widest + 6, corner[0] + size[0] - 4
    count = max(1, len(part.categories))
    rows = _rows_below(pages, part, (right - left) / count)
    below = 6 + rows * _LABEL_LINE + (12 if part.x_label else 0)
    axes = Axes(left, corner[1] + below, right - left, size[1] - below - 10, scale, count)
    for mark, number in zip(scale.marks, numbers, strict=True):
        y = axes.y(float(mark))
        is_base = mark == 0
        pages.draw(line((left, y), (right, y), MUTED if is_base else RULE, 0.8 if is_base else 0.4))
        pages.text_right(left - 6, y - 2.6, number, LABEL_SIZE, MUTED)
    _draw_categories(pages, part, axes, rows)
    if part.x_label:
        middle = left + axes.width / 2 - pages.regular.width(part.x_label, LABEL_SIZE) / 2
        pages.text(middle, corner[1] + 3, part.x_label, LABEL_SIZE, MUTED)
    return axes


def _is_stacked(part: ChartPart) -> bool:
    return part.stacked and part.kind in ("bar", "area")


def _rows_below(pages: Pages, part: ChartPart, step: float) -> int:
    """Two lines where the names are too long for one, and there are few enough to have their own place each."""
    widest = max((pages.regular.width(name, LABEL_SIZE) for name in part.categories), default=0.0)
    return 2 if step > 34 and widest > step - 6 else 1


def _draw_categories(pages: Pages, part: ChartPart, axes: Axes, rows: int) -> None:
    """As many names as have room, at even distances."""
    widest = max((pages.regular.width(name, LABEL_SIZE) for name in part.categories), default=0.0)
    room = min(widest, 90.0) + 8
    every = 1 if rows == 2 else max(1, math.ceil(room / axes.step))
    own = axes.step * every - 4
    for index in range(0, len(part.categories), every):
        name = part.categories[index]
        lines = (
            wrap(name, pages.regular, LABEL_SIZE, own, 2)
            if rows == 2
            else [shortened(name, pages.regular, LABEL_SIZE, own)]
        )
        for number, text in enumerate(lines):
            x = axes.x(index) - pages.regular.width(text, LABEL_SIZE) / 2
            pages.text(x, axes.bottom - 10 - number * _LABEL_LINE, text, LABEL_SIZE, MUTED)
