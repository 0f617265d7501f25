"""Writes a report as one workbook; memory does not grow with the number of rows."""

from __future__ import annotations

import io
from datetime import UTC
from pathlib import Path

from xlsxwriter import Workbook

from services.generator.parts import ChartPart, FailedPart, FigurePart, TablePart
from services.generator.render.report import Drawing, Progress, Report, shifted
from services.generator.render.xlsx.about import write_about
from services.generator.render.xlsx.charts import write_chart
from services.generator.render.xlsx.codes import Codes
from services.generator.render.xlsx.failed import write_failed
from services.generator.render.xlsx.names import SheetNames
from services.generator.render.xlsx.oddities import Oddities
from services.generator.render.xlsx.package import Body, assemble
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.password import protect
from services.generator.render.xlsx.styles import Styles
from services.generator.render.xlsx.summary import insert_charts, write_summary
from services.generator.render.xlsx.table_sheets import MAX_ROWS, TableSheets

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def draw_xlsx(report: Report, folder: Path, progress: Progress, max_rows: int = MAX_ROWS) -> list[Drawing]:
    """One workbook; a table with more than `max_rows` (Excel's limit) goes on in a further sheet."""
    path = folder / report.filename("xlsx")
    frame, oddities = io.BytesIO(), Oddities()
    if report.workbook is not None:
        # openpyxl, which this needs, is 20 MB of memory that most reports can do without.
        from services.generator.render.xlsx.branded import fill_workbook

        fill_workbook(report, report.workbook, path, oddities, progress)
    else:
        with Workbook(frame, {"in_memory": True}) as book:
            book.set_properties(_properties(report))
            bodies = _Sheets(book, report, oddities, progress, max_rows).draw()
        assemble(frame, bodies, path)
    if report.password:
        protect(path, report.password)
    return [Drawing(path, "xlsx", MEDIA_TYPE, report.rows, oddities.sentences())]


def _properties(report: Report) -> dict[str, object]:
    return {
        "title": report.title,
        "subject": report.look.subtitle,
        "comments": report.description,
        "author": "Pressroom",
        "created": report.made_at.astimezone(UTC).replace(tzinfo=None),
    }


class _Sheets:
    """Draws the parts in their order: key figures together on a first sheet, all else on sheets of their own."""

    def __init__(self, book: Workbook, report: Report, oddities: Oddities, progress: Progress, max_rows: int) -> None:
        self._book = book
        self._report = report
        self._oddities = oddities
        self._progress = progress
        self._max_rows = max_rows
        self._names = SheetNames()
        self._styles = Styles(book, report.look.accent, Codes(report.look.locale))
        self._paper = Paper(report)
        self._banners = report.banners
        self._done = 0
        self._charts: list[tuple[ChartPart, str, int]] = []

    def draw(self) -> dict[int, Body]:
        """The rows that belong into the sheets, by the number of the sheet (1 is the first)."""
        report, bodies = self._report, dict[int, Body]()
        figures = [part for part in report.parts if isinstance(part, FigurePart)]
        summary = self._book.add_worksheet(self._names.name("Summary")) if figures else None
        if summary is not None:
            self._banners = ()
        for part in report.parts:
            if isinstance(part, TablePart):
                bodies |= self._table(part)
            elif not isinstance(part, FigurePart):
                self._single(part)
        if summary is not None:
            row = write_summary(summary, report, figures, self._styles, self._paper)
            insert_charts(self._book, summary, row, self._charts, self._styles)
        if report.look.cover or not self._book.worksheets():
            sheet = self._book.add_worksheet(self._names.name("About"))
            notes = write_about(sheet, report, self._styles, self._paper, self._oddities)
            bodies[len(self._book.worksheets())] = notes
        return bodies

    def _table(self, part: TablePart) -> dict[int, Body]:
        cut = part.answer.cut
        own = () if cut is None else (cut.sentence(part.answer.name),)
        banners = tuple(dict.fromkeys((*self._banners, *own)))
        self._banners = ()
        before, self._done = self._done, self._done + part.answer.rows
        sheets = TableSheets(part, banners, self._oddities, self._within(before), self._max_rows)
        return sheets.draw(self._book, self._names, self._styles, self._paper)

    def _single(self, part: ChartPart | FailedPart) -> None:
        sheet = self._book.add_worksheet(self._names.name(part.title))
        banners, self._banners = self._banners, ()
        if isinstance(part, ChartPart):
            header = write_chart(self._book, sheet, part, banners, self._styles, self._paper)
            self._charts.append((part, sheet.get_name(), header))
        else:
            write_failed(sheet, part, banners, self._styles, self._paper)

    def _within(self, before: int) -> Progress:
        """Progress of a table; one answer may be drawn more than once, so that there are more rows than were read."""
        hear = shifted(self._progress, before)
        return lambda rows: hear(min(rows, max(self._report.rows - before, 0)))
