"""The headings of a table's columns, at its beginning and at the top of each page that it goes on to."""

from __future__ import annotations

from collections.abc import Sequence

from services.generator.parts import ShownColumn
from services.generator.render.pdf.ink import INK, WHITE, box
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.tables.layout import PADDING, Layout
from services.generator.render.plot.colour import is_dark

_AIR = 7.0


def draw_headings(pages: Pages, columns: Sequence[ShownColumn], layout: Layout, accent: str) -> None:
    """The names of the columns, on paper of the accent's colour, from where the pages are."""
    lines = max((len(heading) for heading in layout.headings), default=1)
    height = lines * layout.line + _AIR
    pages.draw(box(layout.lefts[0], pages.y - height, layout.width, height, accent))
    colour = WHITE if is_dark(accent) else INK
    for shown, heading, left, width in zip(columns, layout.headings, layout.lefts, layout.widths, strict=True):
        for number, text in enumerate(reversed(heading)):
            spare = width - 2 * PADDING - pages.bold.width(text, layout.size)
            shift = {"left": 0.0, "center": spare / 2, "right": spare}[shown.align]
            y = pages.y - height + 5 + number * layout.line
            pages.text(left + PADDING + shift, y, text, layout.size, colour, pages.bold)
    pages.y -= height
