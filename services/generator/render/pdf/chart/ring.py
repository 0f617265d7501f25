"""Shares of a whole: a ring, and beside it what each part is."""

from __future__ import annotations

import math
from decimal import Decimal

from services.generator.parts import ChartPart
from services.generator.parts.formats import NumberFormat
from services.generator.parts.writing import Writer
from services.generator.render.pdf.ink import INK, MUTED, RULE, WHITE, box, line, wedge
from services.generator.render.pdf.pages import Pages, Size
from services.generator.render.pdf.wrap import shortened
from services.generator.render.plot.palette import colours
from services.generator.render.plot.shares import slices_of

_SIZE, _LINE = 8.5, 15.0
_SHARE = NumberFormat("percent", "0.0%", 1)
_LEAST_NAME = 60.0
"""Points that a name has at least; where there is less room, the amount gives way and the share stays."""


def draw_ring(
    pages: Pages, part: ChartPart, writer: Writer, accent: str, corner: tuple[float, float], size: Size
) -> None:
    """The ring at the left of the rectangle that begins at `corner`, and its legend at the right."""
    slices = slices_of(part)
    whole = sum(value for _, value in slices)
    if whole <= 0:
        pages.text(corner[0], corner[1] + size[1] - 20, "All values are 0: there are no shares to show.", 9, MUTED)
        return
    palette = colours(accent, len(slices))
    radius = min(size[1] / 2 - 8, size[0] / 5)
    centre = (corner[0] + radius + 6, corner[1] + size[1] / 2)
    angle = math.pi / 2
    for (_, value), colour in zip(slices, palette, strict=True):
        turn = 2 * math.pi * value / whole
        if turn > 0:
            pages.draw(wedge(centre, radius, angle, angle - turn, colour, inner=radius * 0.56))
        angle -= turn
    _draw_gaps(pages, [value / whole for _, value in slices], centre, radius)
    _draw_parts(pages, part, writer, slices, palette, (centre[0] + radius + 22, centre[1]), corner[0] + size[0])


def _draw_gaps(pages: Pages, shares: list[float], centre: tuple[float, float], radius: float) -> None:
    """Thin white lines between the parts."""
    if sum(1 for share in shares if share) < 2:
        return
    angle = math.pi / 2
    for share in shares:
        inner = (centre[0] + radius * 0.55 * math.cos(angle), centre[1] + radius * 0.55 * math.sin(angle))
        outer = (centre[0] + radius * math.cos(angle), centre[1] + radius * math.sin(angle))
        pages.draw(line(inner, outer, WHITE, 1.2))
        angle -= 2 * math.pi * share


def _draw_parts(
    pages: Pages,
    part: ChartPart,
    writer: Writer,
    slices: list[tuple[str, float]],
    palette: list[str],
    start: tuple[float, float],
    right: float,
) -> None:
    whole = sum(value for _, value in slices)
    left, right = start[0], min(right, start[0] + 300)
    y = start[1] + len(slices) * _LINE / 2 - 11
    for (name, value), colour in zip(slices, palette, strict=True):
        share = writer.value(Decimal(value / whole), _SHARE)
        amount = writer.value(int(value) if value.is_integer() else value, part.format)
        pages.draw(box(left, y - 0.5, 7.5, 7.5, colour))
        pages.text_right(right, y, share, _SIZE, INK, pages.bold)
        room = right - 42 - left - 13
        beside = room - pages.regular.width(amount, _SIZE) - 8
        if beside >= min(_LEAST_NAME, pages.regular.width(name, _SIZE)):
            pages.text_right(right - 42, y, amount, _SIZE, MUTED)
            room = beside
        pages.text(left + 13, y, shortened(name, pages.regular, _SIZE, room), _SIZE, INK)
        pages.draw(line((left, y - 4.5), (right, y - 4.5), RULE, 0.3))
        y -= _LINE
