"""The frame of a chart: marks and their numbers, thin lines across, categories below."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from services.generator.parts import ChartPart
from services.generator.parts.writing import Writer
from services.generator.render.html.chart.svg import group, line, text
from services.generator.render.html.text import visible
from services.generator.render.plot.scale import Scale, extent, scale_of

_LETTER = 6.6
"""About the width of a letter of the labels."""

_MARKS = 6
_SLANTED_LETTERS = 18


@dataclass(frozen=True)
class Axes:
    """The area within the axes and its scale."""

    left: float
    top: float
    width: float
    height: float
    scale: Scale
    count: int
    """How many categories there are."""

    def x(self, index: int) -> float:
        """The middle of a category."""
        return self.left + self.step * (index + 0.5)

    def y(self, value: float) -> float:
        """The height of a value."""
        return self.top + self.height * (1 - self.scale.share(value))

    @property
    def step(self) -> float:
        """The width of one category."""
        return self.width / self.count

    @property
    def base(self) -> float:
        """The value from which bars and areas rise: 0, or what is nearest to it."""
        return min(max(0.0, self.scale.low), self.scale.high)


def draw_axes(part: ChartPart, writer: Writer, width: float, height: float) -> tuple[Axes, Markup]:
    """The axes within a picture of this size, and how they are drawn."""
    is_stacked = part.stacked and part.kind in ("bar", "area")
    low, high = extent(part.series, is_stacked=is_stacked, from_zero=part.kind in ("bar", "area"))
    scale = scale_of(low, high, _MARKS)
    numbers = [writer.value(mark, part.format) for mark in scale.marks]
    left = max(map(len, numbers)) * _LETTER + 14
    count = max(1, len(part.categories))
    labels, below, is_slanted = _labels(part.categories, (width - left - 8) / count)
    below += 18 if part.x_label else 0
    axes = Axes(left, 10, width - left - 8, height - 10 - below, scale, count)
    drawn = []
    for mark, number in zip(scale.marks, numbers, strict=True):
        y = axes.y(float(mark))
        drawn.append(line((left, y), (width - 8, y), "base" if mark == 0 else "rule"))
        drawn.append(text(number, (left - 8, y + 4), text_anchor="end"))
    bottom = axes.top + axes.height
    for index, label in labels:
        x = axes.x(index)
        if is_slanted:
            turned = f"rotate(-38 {x:.1f} {bottom + 16:.1f})"
            drawn.append(text(label, (x + 4, bottom + 16), text_anchor="end", transform=turned))
        else:
            drawn.append(text(label, (x, bottom + 18), text_anchor="middle"))
    if part.x_label:
        drawn.append(text(visible(part.x_label), (left + axes.width / 2, height - 4), "axis", text_anchor="middle"))
    return axes, group(drawn, class_="axes")


def _labels(categories: tuple[str, ...], step: float) -> tuple[list[tuple[int, str]], float, bool]:
    """The names that there is room for, with their places; how much room they take, and whether they are slanted."""
    longest = max((len(name) for name in categories), default=0)
    if longest * _LETTER + 8 <= step:
        return list(enumerate(map(visible, categories))), 26.0, False
    shown = min(longest, _SLANTED_LETTERS)
    every = max(1, -(-20 // max(1, int(step))))
    kept = [(index, _shortened(visible(name))) for index, name in enumerate(categories) if index % every == 0]
    if every > 1 and longest <= 10 and longest * _LETTER + 8 <= step * every * 3:
        sparse = every * -(-int(longest * _LETTER + 8) // max(1, int(step * every)))
        return [(index, visible(name)) for index, name in enumerate(categories) if index % sparse == 0], 26.0, False
    return kept, 22 + shown * _LETTER * 0.62, True


def _shortened(name: str) -> str:
    return name if len(name) <= _SLANTED_LETTERS else name[: _SLANTED_LETTERS - 1] + "…"
