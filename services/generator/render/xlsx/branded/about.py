"""A last sheet in a designer's workbook that says what the report is."""

from __future__ import annotations

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.properties import PageSetupProperties

from services.generator.render.report import Report
from services.generator.render.xlsx.about import facts_of
from services.generator.render.xlsx.branded.content import set_value
from services.generator.render.xlsx.oddities import Oddities

_FONT = "Calibri"


def add_about(book: Workbook, report: Report, oddities: Oddities) -> None:
    """Add the sheet."""
    sheet = book.create_sheet("About")
    sheet.sheet_view.showGridLines = False
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 22, 90
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    set_value(sheet["A1"], report.title)
    sheet["A1"].font = Font(name=_FONT, bold=True, size=18, color=report.look.accent.removeprefix("#"))
    late = [("Note", note) for note in oddities.sentences()]
    for row, (label, value) in enumerate((*facts_of(report), *late), 3):
        set_value(sheet.cell(row, 1), label)
        set_value(sheet.cell(row, 2), value)
        sheet.cell(row, 1).font = Font(name=_FONT, bold=True)
        sheet.cell(row, 2).font = Font(name=_FONT)
        sheet.cell(row, 2).alignment = Alignment(wrap_text=True, vertical="top", horizontal="left")
