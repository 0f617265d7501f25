"""Shares of a whole: a ring, and beside it what each part is."""

from __future__ import annotations

import math
from decimal import Decimal

from markupsafe import Markup

from services.generator.parts import ChartPart
from services.generator.parts.formats import NumberFormat
from services.generator.parts.writing import Writer
from services.generator.render.html.chart.legend import colour
from services.generator.render.html.chart.svg import Point, element, group, title
from services.generator.render.html.text import visible
from services.generator.render.plot.shares import slices_of

_SIZE, _INNER = 100.0, 58.0
_SHARE = NumberFormat("percent", "0.0%", 1)


def draw_ring(part: ChartPart, writer: Writer, _width: float) -> Markup:
    """The ring and its legend; the smallest of many parts are one."""
    slices = slices_of(part)
    whole = sum(value for _, value in slices)
    if whole <= 0:
        return Markup('<p class="nothing">All values are 0: there are no shares to show.</p>')
    turn, wedges = -math.pi / 2, []
    for number, (name, value) in enumerate(slices):
        end = turn + 2 * math.pi * value / whole
        told = f"{name}: {writer.value(value, part.format)}"
        if value > 0:
            wedges.append(_wedge(turn, end, number, visible(told)))
        turn = end
    frame = f"{-_SIZE - 2:g} {-_SIZE - 2:g} {2 * _SIZE + 4:g} {2 * _SIZE + 4:g}"
    svg = element("svg", group(wedges, class_="ring"), viewBox=frame, role="img", aria_label=part.title)
    rows = Markup("").join(
        _row(number, name, value, whole, part, writer) for number, (name, value) in enumerate(slices)
    )
    return Markup('<div class="pie">{}<table class="shares">{}</table></div>').format(svg, rows)


def _row(number: int, name: str, value: float, whole: float, part: ChartPart, writer: Writer) -> Markup:
    row = '<tr><td><i style="background:{}"></i>{}</td><td class="right">{}</td><td class="right">{}</td></tr>'
    amount, share = writer.value(value, part.format), writer.value(Decimal(value / whole), _SHARE)
    return Markup(row).format(colour(number), visible(name), amount, share)  # noqa: S704 - format escapes


def _wedge(start: float, end: float, number: int, told: str) -> Markup:
    if end - start > 2 * math.pi - 1e-9:  # an arc that ends where it begins would not be drawn
        middle = (_SIZE + _INNER) / 2
        whole = {"r": middle, "fill": "none", "stroke": colour(number), "stroke_width": _SIZE - _INNER}
        return element("circle", title(told), **whole)
    large = int(end - start > math.pi)
    (a, b), (c, d) = (_at(angle, _SIZE) for angle in (start, end))
    (e, f), (g, h) = (_at(angle, _INNER) for angle in (end, start))
    way = (
        f"M{a:.2f} {b:.2f}A{_SIZE:g} {_SIZE:g} 0 {large} 1 {c:.2f} {d:.2f}"
        f"L{e:.2f} {f:.2f}A{_INNER:g} {_INNER:g} 0 {large} 0 {g:.2f} {h:.2f}Z"
    )
    return element("path", title(told), d=way, fill=colour(number))


def _at(angle: float, radius: float) -> Point:
    return radius * math.cos(angle), radius * math.sin(angle)
