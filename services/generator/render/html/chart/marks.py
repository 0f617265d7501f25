"""What stands for the values: bars, lines, areas."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from services.generator.parts import ChartPart, Series
from services.generator.parts.writing import Writer
from services.generator.render.html.chart.axes import Axes
from services.generator.render.html.chart.legend import colour
from services.generator.render.html.chart.svg import Point, element, group, path, title
from services.generator.render.html.text import visible
from services.generator.render.plot.scale import stacked

_WIDEST_BAR = 60.0
_MOST_DOTS = 40


def draw_bars(part: ChartPart, axes: Axes, writer: Writer) -> Markup:
    """Bars beside each other, or on top of each other."""
    if part.stacked:
        wide = min(axes.step * 0.68, _WIDEST_BAR)
        places = [(-wide / 2, layer) for layer in stacked(part.series)]
    else:
        wide = min(axes.step * 0.76, _WIDEST_BAR * len(part.series)) / len(part.series)
        places = [
            ((number - len(part.series) / 2) * wide, [(axes.base, value or axes.base) for value in series.values])
            for number, series in enumerate(part.series)
        ]
    groups = []
    for number, (series, (shift, layer)) in enumerate(zip(part.series, places, strict=True)):
        bars = [
            _bar(
                axes,
                axes.x(index) + shift,
                wide * (1 if part.stacked else 0.92),
                ends,
                _told(part, series, index, writer),
            )
            for index, ends in enumerate(layer)
            if series.values[index] is not None
        ]
        groups.append(group(bars, fill=colour(number)))
    return group(groups)


def draw_lines(part: ChartPart, axes: Axes, writer: Writer) -> Markup:
    """A line for each series; where a value is missing it is interrupted."""
    groups = []
    for number, series in enumerate(part.series):
        drawn = []
        for stretch in _stretches(series):
            points = [(axes.x(index), axes.y(value)) for index, value in stretch]
            if len(points) > 1:
                drawn.append(element("path", d=path(points), class_="line"))
            if len(points) == 1 or len(series.values) <= _MOST_DOTS:
                drawn += [
                    _dot(point, _told(part, series, index, writer))
                    for point, (index, _) in zip(points, stretch, strict=True)
                ]
        groups.append(group(drawn, stroke=colour(number), fill=colour(number)))
    return group(groups)


def draw_areas(part: ChartPart, axes: Axes, writer: Writer) -> Markup:
    """The area below each line; stacked ones fill what is between them."""
    if not part.stacked:
        areas = []
        for number, series in enumerate(part.series):
            for stretch in _stretches(series):
                upper = [(axes.x(index), axes.y(value)) for index, value in stretch]
                ground = [(upper[-1][0], axes.y(axes.base)), (upper[0][0], axes.y(axes.base))]
                areas.append(element("path", d=path([*upper, *ground]) + "Z", class_="pale", fill=colour(number)))
        return group(areas) + draw_lines(part, axes, writer)
    areas = []
    for number, (series, layer) in enumerate(zip(part.series, stacked(part.series), strict=True)):
        upper = [(axes.x(index), axes.y(end)) for index, (_, end) in enumerate(layer)]
        lower = [(axes.x(index), axes.y(start)) for index, (start, _) in enumerate(layer)]
        shape = element("path", title(visible(series.label)), d=path([*upper, *reversed(lower)]) + "Z", class_="layer")
        areas.append(group([shape], fill=colour(number)))
    return group(areas)


def _told(part: ChartPart, series: Series, index: int, writer: Writer) -> str:
    """What a mark stands for, in words."""
    value = writer.value(series.values[index], part.format)
    where = part.categories[index] if len(part.series) == 1 else f"{part.categories[index]}, {series.label}"
    return visible(f"{where}: {value}")


def _bar(axes: Axes, x: float, wide: float, ends: tuple[float, float], told: str) -> Markup:
    one, two = axes.y(ends[0]), axes.y(ends[1])
    height = abs(one - two)
    rounded = min(2.0, wide / 4, height)
    return element("rect", title(told), x=x, y=min(one, two), width=wide, height=height, rx=rounded)


def _dot(point: Point, told: str) -> Markup:
    return element("circle", title(told), cx=point[0], cy=point[1], r=3.2, class_="dot")


def _stretches(series: Series) -> Iterator[list[tuple[int, float]]]:
    """The runs of values between gaps, each value with its place."""
    stretch: list[tuple[int, float]] = []
    for index, value in enumerate(series.values):
        if value is not None:
            stretch.append((index, value))
        elif stretch:
            yield stretch
            stretch = []
    if stretch:
        yield stretch
