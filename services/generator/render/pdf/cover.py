"""The first thing on the first page: what this is, and a block that says what was asked, when and from where."""

from __future__ import annotations

from services.generator.parts.writing import Writer
from services.generator.render.facts import facts_of
from services.generator.render.pdf.banner import draw_banner
from services.generator.render.pdf.ink import INK, MUTED, box
from services.generator.render.pdf.pages import MARGIN, Pages
from services.generator.render.pdf.wrap import wrap
from services.generator.render.plot.colour import readable
from services.generator.render.report import Report

_LOGO_HEIGHT, _LOGO_WIDTH = 40.0, 150.0
_NAME_SIZE, _VALUE_SIZE = 7.5, 9.0
_PAPER = "#F4F7FA"


def draw_cover(pages: Pages, report: Report, writer: Writer) -> None:
    """Title, subtitle, description and facts, and below them what must be known before the data."""
    pages.draw(box(0, pages.paper[1] - 6, pages.paper[0], 6, report.look.accent))
    _draw_title(pages, report)
    if report.look.cover:
        _draw_facts(pages, facts_of(report, writer))
    pages.y -= 8
    for banner in report.banners:
        draw_banner(pages, banner, MARGIN, pages.width, is_failure=True)


def _draw_title(pages: Pages, report: Report) -> None:
    logo = 0.0
    if report.logo is not None:
        right = pages.paper[0] - MARGIN
        logo = pages.picture(report.logo, right, pages.y - _LOGO_HEIGHT - 2, _LOGO_WIDTH, _LOGO_HEIGHT)
    room = pages.width - (logo + 20 if logo else 0)
    start = pages.y
    for row in wrap(report.title, pages.bold, 20, room, 3):
        pages.y -= 24
        pages.text(MARGIN, pages.y, row, 20, INK, pages.bold)
    if report.look.subtitle:
        for row in wrap(report.look.subtitle, pages.regular, 12, room, 2):
            pages.y -= 17
            pages.text(MARGIN, pages.y, row, 12, readable(report.look.accent))
    if logo:
        pages.y = min(pages.y, start - _LOGO_HEIGHT - 4)
    if report.description:
        pages.y -= 4
        pages.paragraph(report.description, 9.5, 6, MUTED)
    pages.y -= 10


def _draw_facts(pages: Pages, facts: list[tuple[str, str]]) -> None:
    """Names in grey above their values, in columns, on pale paper."""
    columns = 4 if pages.width > 600 else 3
    step = (pages.width - 20) / columns
    cells = [(name, wrap(value, pages.bold, _VALUE_SIZE, step - 12, 2)) for name, value in facts]
    rows = [cells[start : start + columns] for start in range(0, len(cells), columns)]
    heights = [15.0 + 12 * max(len(lines) for _, lines in row) for row in rows]
    height = sum(heights) + 8.0
    if height > pages.y - pages.bottom:
        rows, heights, height = _what_fits(rows, heights, pages.y - pages.bottom)
    pages.draw(box(MARGIN, pages.y - height, pages.width, height, _PAPER))
    y = pages.y - 6
    for row, high in zip(rows, heights, strict=True):
        for index, (name, lines) in enumerate(row):
            x = MARGIN + 10 + index * step
            pages.text(x, y - 8, wrap(name, pages.regular, _NAME_SIZE, step - 12, 1)[0], _NAME_SIZE, MUTED)
            for number, line in enumerate(lines):
                pages.text(x, y - 19.5 - 12 * number, line, _VALUE_SIZE, INK, pages.bold)
        y -= high
    pages.y -= height


Row = list[tuple[str, list[str]]]


def _what_fits(rows: list[Row], heights: list[float], room: float) -> tuple[list[Row], list[float], float]:
    """As many rows as the page has room for: a report of hundreds of parameters still has its data."""
    count = 0
    while count < len(rows) and sum(heights[: count + 1]) + 8 <= room:
        count += 1
    return rows[:count], heights[:count], sum(heights[:count]) + 8
