"""Draws a report as one PDF: a title, what it was made from, and a table for each query."""

from __future__ import annotations

from pathlib import Path

from services.generator.render.pdf.canvas import ACCENT, INK, MUTED, Pages
from services.generator.render.pdf.fonts import BOLD, REGULAR, SUBSTITUTE, Missing
from services.generator.render.pdf.layout import MARGIN
from services.generator.render.pdf.table import Table, pdf_limit_note
from services.generator.render.pdf.wrap import wrap
from services.generator.render.report import Drawing, Progress, Report, shifted

MEDIA_TYPE = "application/pdf"

MAX_ROWS = 200_000
"""Rows of one answer that a PDF shows. This is some 4,000 pages; whoever needs more does not need paper."""


def draw_pdf(report: Report, folder: Path, progress: Progress, max_rows: int = MAX_ROWS) -> list[Drawing]:
    """One PDF with a section per answer."""
    path = folder / report.filename("pdf")
    missing = Missing()
    made = f"{report.made_at:%Y-%m-%d %H:%M} UTC"
    pages = Pages(
        path, report.title, report.description, f"{report.source} · made {made}", missing, report.rows // 30 + 1
    )
    tables = [Table(pages, answer, max_rows) for answer in report.answers]
    pages.turn(tables[0].layout.paper)
    _draw_title(pages, report, made)
    done = 0
    for table, answer in zip(tables, report.answers, strict=True):
        table.draw(shifted(progress, done))
        done += answer.rows
    pages.save()
    notes = [pdf_limit_note(answer, max_rows) for answer in report.answers if answer.rows > max_rows]
    strange = [chr(code) for code, shown in sorted(missing.items()) if shown == SUBSTITUTE]
    if strange:
        notes.append(_missing_note(strange))
    shown = sum(min(answer.rows, max_rows) for answer in report.answers)
    return [Drawing(path, "pdf", MEDIA_TYPE, shown, tuple(notes))]


def _draw_title(pages: Pages, report: Report, made: str) -> None:
    for line in wrap(report.title, pages.bold, 20, pages.width, 3):
        pages.y -= 22
        pages.text(MARGIN, pages.y, line, 20, INK, BOLD)
    pages.y -= 4
    if report.description:
        for line in wrap(report.description, pages.regular, 10, pages.width, 6):
            pages.y -= 14
            pages.text(MARGIN, pages.y, line, 10, MUTED)
    pages.y -= 8
    _draw_facts(pages, [*report.parameters, ("Source", report.source), ("Made", made)])
    pages.y -= 6
    pages.rule(pages.y, ACCENT, 1.2)
    pages.y -= 4


def _draw_facts(pages: Pages, facts: list[tuple[str, str]]) -> None:
    """Names in grey and values in ink, one after another, on as many lines as they need."""
    size, x = 8.5, MARGIN
    pages.y -= 12
    for name, value in facts:
        short = wrap(value, pages.regular, size, pages.width / 2, 1)[0]
        name_width = pages.regular.width(name, size) + 5
        width = name_width + pages.bold.width(short, size) + 18
        if x > MARGIN and x + width > MARGIN + pages.width:
            x, pages.y = MARGIN, pages.y - 13
        pages.text(x, pages.y, name, size, MUTED, REGULAR)
        pages.text(x + name_width, pages.y, short, size, INK, BOLD)
        x += width


def _missing_note(strange: list[str]) -> str:
    examples = " ".join(strange[:5])
    return f"The PDF's font cannot draw some characters, such as {examples}; it shows {SUBSTITUTE} in their place."
