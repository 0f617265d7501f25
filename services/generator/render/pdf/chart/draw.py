"""Draws one chart where there is room for it."""

from __future__ import annotations

from services.generator.parts import ChartPart
from services.generator.parts.writing import Writer
from services.generator.render.pdf.chart.axes import draw_axes
from services.generator.render.pdf.chart.legend import draw_legend
from services.generator.render.pdf.chart.marks import draw_areas, draw_bars, draw_lines
from services.generator.render.pdf.chart.ring import draw_ring
from services.generator.render.pdf.ink import MUTED
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.section import begin_section
from services.generator.render.pdf.wrap import wrap
from services.generator.render.plot.palette import colours

_DRAW = {"bar": draw_bars, "line": draw_lines, "area": draw_areas}


def chart_height(width: float) -> float:
    """The points that a chart of this width takes, without its title."""
    return min(230.0, max(165.0, width * 0.42))


def draw_chart(pages: Pages, part: ChartPart, writer: Writer, accent: str, left: float, width: float) -> None:
    """The chart with its title and notes, from where the pages are."""
    height = chart_height(width)
    begin_section(pages, part.title, accent, height + 34, left=left, width=width)
    bottom = pages.y - height
    palette = colours(accent, max(len(part.series), 1))
    if part.kind == "pie":
        draw_ring(pages, part, writer, accent, (left, bottom), (width, height))
    else:
        top = pages.y
        if len(part.series) > 1:
            labels = [series.label for series in part.series]
            top = draw_legend(pages, labels, palette, left, top, width)
        axes = draw_axes(pages, part, writer, (left, bottom), (width, top - bottom))
        _DRAW[part.kind](pages, part, axes, palette)
    pages.y = bottom - 4
    for note in part.notes:
        for row in wrap(note, pages.regular, 7.5, width, 2):
            pages.y -= 10
            pages.text(left, pages.y, row, 7.5, MUTED)
    pages.y -= 8
