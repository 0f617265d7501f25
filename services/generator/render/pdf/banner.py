"""Sentences that must be seen before the data."""

from __future__ import annotations

from services.generator.render.pdf.ink import FAILED, FAILED_PAPER, WARNING, WARNING_PAPER, WHITE, box, disc
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.wrap import wrap

_SIZE, _LINE, _INDENT = 9.0, 12.0, 26.0


def banner_height(pages: Pages, text: str, width: float) -> float:
    """The points that a banner takes."""
    return len(_rows(pages, text, width)) * _LINE + 16


def draw_banner(pages: Pages, text: str, left: float, width: float, *, is_failure: bool = False) -> None:
    """`text` on coloured paper, with a mark, from where the pages are."""
    colour, paper = (FAILED, FAILED_PAPER) if is_failure else (WARNING, WARNING_PAPER)
    rows = _rows(pages, text, width)
    height = len(rows) * _LINE + 10
    pages.need(height + 6)
    top = pages.y
    pages.draw(box(left, top - height, width, height, paper))
    pages.draw(box(left, top - height, 3, height, colour))
    pages.draw(disc((left + 14, top - height / 2), 6, colour))
    mark = pages.bold.width("!", _SIZE)
    pages.text(left + 14 - mark / 2, top - height / 2 - 3.2, "!", _SIZE, WHITE, pages.bold)
    for number, row in enumerate(rows):
        pages.text(left + _INDENT, top - 5 - _LINE * number - 8.5, row, _SIZE, colour, pages.bold)
    pages.y = top - height - 6


def _rows(pages: Pages, text: str, width: float) -> list[str]:
    return wrap(text, pages.bold, _SIZE, width - _INDENT - 8, 8)
