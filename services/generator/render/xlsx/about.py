"""The last sheet of a workbook: what the report is, what it was asked with, and what a reader must know."""

from __future__ import annotations

from xlsxwriter.worksheet import Worksheet

from services.generator.render.report import Report
from services.generator.render.xlsx.styles import Styles


def write_about(sheet: Worksheet, report: Report, styles: Styles, notes: tuple[str, ...]) -> None:
    """Fill `sheet`, which is still empty."""
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 100)
    sheet.set_row(0, 24)
    sheet.write_string(0, 0, report.title, styles.title)
    row = 1
    if report.description:
        sheet.write_string(row, 0, report.description, styles.muted)
        row += 1
    for label, value in _facts(report, notes):
        row += 1
        sheet.write_string(row, 0, label, styles.label)
        sheet.write_string(row, 1, value, styles.wrapped)


def _facts(report: Report, notes: tuple[str, ...]) -> list[tuple[str, str]]:
    facts = [("Source", report.source), ("Made", f"{report.made_at:%Y-%m-%d %H:%M} UTC")]
    facts += [(name, value) for name, value in report.parameters]
    facts += [(answer.name, f"{answer.rows:,} row{'' if answer.rows == 1 else 's'}") for answer in report.answers]
    cuts = [answer.cut.sentence(answer.name) for answer in report.answers if answer.cut is not None]
    return facts + [("Note", note) for note in (*cuts, *notes)]
