"""Key figures as cards: what it is, how much, and how it has changed."""

from __future__ import annotations

from collections.abc import Sequence

from services.generator.parts import FigurePart
from services.generator.parts.writing import FigureText, Writer
from services.generator.render.pdf.ink import BAD, GOOD, INK, MUTED, RULE, WHITE, box, frame, polygon
from services.generator.render.pdf.pages import MARGIN, Pages
from services.generator.render.pdf.wrap import shortened
from services.generator.render.plot.colour import mixed

HEIGHT, GAP = 86.0, 12.0
_PAD = 12.0
_VALUE_SIZES = (22.0, 19.0, 16.0, 13.0, 10.0)


def rows_of(figures: Sequence[FigurePart]) -> list[list[FigurePart]]:
    """Figures that follow one another in rows of up to four, as even as can be."""
    wide = [1 if figure.width == "full" else 0 for figure in figures]
    if any(wide):
        return _with_full(figures)
    rows = -(-len(figures) // 4)
    base, extra = divmod(len(figures), rows)
    sizes = [base + (index < extra) for index in range(rows)]
    starts = [sum(sizes[:index]) for index in range(rows)]
    return [list(figures[start : start + size]) for start, size in zip(starts, sizes, strict=True)]


def draw_figures(pages: Pages, figures: Sequence[FigurePart], writer: Writer, accent: str) -> None:
    """One row of cards, from where the pages are."""
    pages.need(HEIGHT + GAP)
    pages.y -= 6
    columns = max(2, len(figures)) if figures[0].width != "full" else 1
    width = (pages.width - GAP * (columns - 1)) / columns
    texts = [writer.figure(figure) for figure in figures]
    size = _size(pages, texts, width - 2 * _PAD - 2)
    for index, (figure, text) in enumerate(zip(figures, texts, strict=True)):
        pages.bookmark(0, figure.title, pages.y)
        _draw_card(pages, figure, text, size, accent, MARGIN + index * (width + GAP), width)
    pages.y -= HEIGHT + GAP - 4


def _size(pages: Pages, texts: Sequence[FigureText], room: float) -> float:
    """The largest type in which every value of a row fits its card."""
    widest = max(pages.bold.width(text.value, 1) for text in texts)
    return next((size for size in _VALUE_SIZES if widest * size <= room), _VALUE_SIZES[-1])


def _draw_card(
    pages: Pages, part: FigurePart, text: FigureText, size: float, accent: str, left: float, width: float
) -> None:
    """One card whose upper edge is where the pages are."""
    top, bottom = pages.y, pages.y - HEIGHT
    pages.draw(box(left, bottom, width, HEIGHT, mixed(accent, WHITE, 0.955)))
    pages.draw(frame(left, bottom, width, HEIGHT, RULE, 0.5))
    pages.draw(box(left, bottom, 3, HEIGHT, accent))
    x, room = left + _PAD + 2, width - 2 * _PAD - 2
    pages.text(x, top - 17, shortened(part.title, pages.regular, 9, room), 9, MUTED)
    pages.text(x, top - 25 - size * 0.75, shortened(text.value, pages.bold, size, room), size, INK, pages.bold)
    colour = {"good": GOOD, "bad": BAD, None: MUTED}[part.mood]
    if text.change:
        if part.change:
            pages.draw(_arrow(x, bottom + 23, colour, is_up=part.change > 0))
        pages.text(x + 11 * bool(part.change), bottom + 23, text.change, 9, colour, pages.bold)
    if text.previous:
        words = shortened(f"before: {text.previous}", pages.regular, 8, room)
        pages.text(x, bottom + 10, words, 8, MUTED)


def _arrow(x: float, y: float, colour: str, *, is_up: bool) -> str:
    if is_up:
        return polygon([(x, y), (x + 7, y), (x + 3.5, y + 6.5)], colour)
    return polygon([(x, y + 6.5), (x + 7, y + 6.5), (x + 3.5, y)], colour)


def _with_full(figures: Sequence[FigurePart]) -> list[list[FigurePart]]:
    rows: list[list[FigurePart]] = []
    for figure in figures:
        has_room = rows and figure.width == "half" and rows[-1][-1].width == "half" and len(rows[-1]) < 4
        if has_room:
            rows[-1].append(figure)
        else:
            rows.append([figure])
    return rows
