"""Draws one chart."""

from __future__ import annotations

from markupsafe import Markup

from services.generator.parts import ChartPart
from services.generator.parts.writing import Writer
from services.generator.render.html.chart.axes import draw_axes
from services.generator.render.html.chart.legend import draw_legend
from services.generator.render.html.chart.marks import draw_areas, draw_bars, draw_lines
from services.generator.render.html.chart.ring import draw_ring
from services.generator.render.html.chart.svg import element

_DRAW = {"bar": draw_bars, "line": draw_lines, "area": draw_areas}
_WIDTHS = {"half": 560, "full": 1140}
_HEIGHT = 320


def draw_chart(part: ChartPart, writer: Writer) -> Markup:
    """The chart as one SVG element, with a legend where there are several series."""
    width = _WIDTHS.get(part.width, _WIDTHS["full"])
    if part.kind == "pie":
        return draw_ring(part, writer, width)
    axes, frame = draw_axes(part, writer, width, _HEIGHT)
    drawn = _DRAW[part.kind](part, axes, writer)
    labelled = f"{part.title}: {', '.join(series.label for series in part.series)}"
    svg = element("svg", frame, drawn, viewBox=f"0 0 {width} {_HEIGHT}", role="img", aria_label=labelled)
    legend = draw_legend([series.label for series in part.series]) if len(part.series) > 1 else Markup("")
    return legend + svg
