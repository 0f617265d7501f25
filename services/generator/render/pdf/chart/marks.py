"""What stands for the values: bars, lines, areas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from services.generator.parts import ChartPart
from services.generator.parts.chart import Series
from services.generator.render.pdf.chart.axes import Axes
from services.generator.render.pdf.ink import WHITE, Point, boxes, disc, polygon, polyline
from services.generator.render.pdf.pages import Pages
from services.generator.render.plot.scale import stacked

_MOST_DOTS = 40
_PALE = 0.28
"""Areas that lie over each other are translucent; pages know the state by this name."""


def draw_bars(pages: Pages, part: ChartPart, axes: Axes, colours: Sequence[str]) -> None:
    """Bars beside each other, or on top of each other."""
    if part.stacked:
        layers = stacked(part.series)
        wide = min(axes.step * 0.68, 46.0)
        for layer, colour in zip(layers, colours, strict=True):
            bars = [_bar(axes, axes.x(index) - wide / 2, wide, pair) for index, pair in enumerate(layer)]
            pages.draw(boxes(bars, colour))
        return
    wide = min(axes.step * 0.76, 46.0 * len(part.series)) / len(part.series)
    for number, (series, colour) in enumerate(zip(part.series, colours, strict=True)):
        shift = (number - len(part.series) / 2) * wide
        bars = [
            _bar(axes, axes.x(index) + shift, wide * 0.94, (0.0, value))
            for index, value in enumerate(series.values)
            if value is not None
        ]
        if bars:
            pages.draw(boxes(bars, colour))


def draw_lines(pages: Pages, part: ChartPart, axes: Axes, colours: Sequence[str]) -> None:
    """A line for each series; where a value is missing it is interrupted."""
    for series, colour in zip(part.series, colours, strict=True):
        has_dots = len(series.values) <= _MOST_DOTS
        for stretch in _stretches(series, axes):
            if len(stretch) > 1:
                pages.draw(polyline(stretch, colour, 1.6))
            for point in stretch if has_dots or len(stretch) == 1 else ():
                pages.draw(disc(point, 2.6, WHITE))
                pages.draw(disc(point, 1.9, colour))


def draw_areas(pages: Pages, part: ChartPart, axes: Axes, colours: Sequence[str]) -> None:
    """The area below each line; stacked ones fill what is between them."""
    if part.stacked:
        for layer, colour in zip(stacked(part.series), colours, strict=True):
            upper = [(axes.x(index), axes.y(end)) for index, (_, end) in enumerate(layer)]
            lower = [(axes.x(index), axes.y(start)) for index, (start, _) in enumerate(layer)]
            pages.draw(polygon([*upper, *reversed(lower)], colour))
            pages.draw(polyline(upper, WHITE, 0.8))
        return
    base = axes.y(0.0)
    for series, colour in zip(part.series, colours, strict=True):
        for stretch in _stretches(series, axes):
            with pages.pale(_PALE):
                pages.draw(polygon([(stretch[0][0], base), *stretch, (stretch[-1][0], base)], colour))
            pages.draw(polyline(stretch, colour, 1.6) if len(stretch) > 1 else disc(stretch[0], 1.9, colour))


def _bar(axes: Axes, x: float, width: float, ends: tuple[float, float]) -> tuple[float, float, float, float]:
    low, high = sorted(axes.y(end) for end in ends)
    return x, low, width, high - low


def _stretches(series: Series, axes: Axes) -> Iterator[list[Point]]:
    """The points of a series, apart where there are gaps."""
    stretch: list[Point] = []
    for index, value in enumerate(series.values):
        if value is not None:
            stretch.append((axes.x(index), axes.y(value)))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch
