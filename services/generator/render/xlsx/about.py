"""The last sheet of a workbook: what the report is, what it was asked with, and what a reader must know."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from xlsxwriter.worksheet import Worksheet

from libs.common.zones import zone_of
from services.generator.render.report import Report
from services.generator.render.xlsx.line import text_line
from services.generator.render.xlsx.logo import insert_logo
from services.generator.render.xlsx.oddities import Oddities
from services.generator.render.xlsx.package import Body
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.put import put_text
from services.generator.render.xlsx.rows import Pattern
from services.generator.render.xlsx.styles import Styles

_WIDTHS = (22, 90)


def write_about(sheet: Worksheet, report: Report, styles: Styles, paper: Paper, oddities: Oddities) -> Body:
    """Fill `sheet`, which is still empty. What is odd in the cells is known when they are written: a last row."""
    sheet.hide_gridlines(2)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    paper.set(sheet, sum(_WIDTHS))
    sheet.set_row(0, 40 if report.logo else 30)
    put_text(sheet, 0, 0, report.title, styles.title)
    if report.logo is not None:
        insert_logo(sheet, 0, 2, report.logo)
    row = 1
    for text in filter(None, (report.look.subtitle, report.description)):
        put_text(sheet, row, 0, text, styles.muted)
        row += 1
    for label, value in facts_of(report):
        row += 1
        put_text(sheet, row, 0, label, styles.label)
        put_text(sheet, row, 1, value, styles.wrapped)
    row += 1
    put_text(sheet, row, 0, "Note", styles.label)
    put_text(sheet, row, 1, "", styles.wrapped)

    def notes(patterns: tuple[Pattern, ...]) -> Iterator[bytes]:
        if sentences := oddities.sentences():
            yield text_line(row + 1, patterns[0], ["Note", "\n".join(sentences)])

    return Body(row + 1, row + 1, 1, notes)


def facts_of(report: Report) -> list[tuple[str, str]]:
    """What was asked, by whom it was answered, and what a reader must know: names and values."""
    facts = [("Source", report.source), ("Made", _moment(report.made_at, report.timezone))]
    if report.scheduled_for is not None:
        facts.append(("Scheduled for", _moment(report.scheduled_for, report.timezone)))
    facts += report.parameters
    facts += [(answer.name, f"{answer.rows:,} row{'' if answer.rows == 1 else 's'}") for answer in report.answers]
    cuts = [answer.cut.sentence(answer.name) for answer in report.answers if answer.cut is not None]
    notes = [note for part in report.parts for note in part.notes]
    return facts + [("Note", note) for note in dict.fromkeys((*report.banners, *cuts, *notes))]


def _moment(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(zone_of(timezone)):%Y-%m-%d %H:%M} {timezone}"
