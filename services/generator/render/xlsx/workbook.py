"""Writes a report as one workbook, row by row: memory does not grow with the number of rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path

import pyarrow as pa
from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from libs.common.errors import PermanentFailure
from services.generator.answers import Answer
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.render.report import Drawing, Progress, Report
from services.generator.render.xlsx.about import write_about
from services.generator.render.xlsx.cells import MAX_CHARACTERS, Cells, cells
from services.generator.render.xlsx.names import SheetNames
from services.generator.render.xlsx.styles import Styles, column_format, column_width

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384


def draw_xlsx(report: Report, folder: Path, progress: Progress, max_rows: int = MAX_ROWS) -> list[Drawing]:
    """One workbook; an answer with more than `max_rows` (Excel's limit) goes on in a further sheet."""
    path = folder / report.filename("xlsx")
    book = Workbook(str(path), {"constant_memory": True, "tmpdir": str(folder), "use_zip64": True})
    made_at = report.made_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties(
        {"title": report.title, "comments": report.description, "author": "Pressroom", "created": made_at}
    )
    writer = _Writer(book, report, progress, max_rows)
    for answer in report.answers:
        writer.write(answer)
    notes = writer.notes()
    write_about(book.add_worksheet(writer.names.name("About")), report, writer.styles, notes)
    book.close()
    return [Drawing(path, "xlsx", MEDIA_TYPE, report.rows, notes)]


class _Writer:
    def __init__(self, book: Workbook, report: Report, progress: Progress, max_rows: int) -> None:
        self.styles = Styles.of(book)
        self.names = SheetNames()
        self._book = book
        self._report = report
        self._progress = progress
        self._max_rows = max_rows
        self._done = 0
        self._cut_texts = 0

    def write(self, answer: Answer) -> None:
        """The answer's rows on one sheet, or on several where it is longer than a sheet can be."""
        if len(answer.columns) > MAX_COLUMNS:
            raise PermanentFailure(
                f"The query '{answer.name}' has {len(answer.columns):,} columns; an Excel sheet takes {MAX_COLUMNS:,}."
            )
        formats = [column_format(self._book, column) for column in answer.columns]
        sheet, row = self._sheet(answer, first=True)
        for batch in answer.batches():
            for values in self._rows(batch, answer):
                if row == self._max_rows:
                    self._end(sheet, answer, row)
                    sheet, row = self._sheet(answer, first=False)
                self._write_row(sheet, row, values, formats)
                row += 1
            self._done += batch.num_rows
            self._progress(self._done)
        self._end(sheet, answer, row)

    def notes(self) -> tuple[str, ...]:
        """What the reader must know about this file."""
        if not self._cut_texts:
            return ()
        texts = "1 text is" if self._cut_texts == 1 else f"{self._cut_texts:,} texts are"
        return (f"{texts} longer than the {MAX_CHARACTERS:,} characters of an Excel cell and end with ….",)

    def _sheet(self, answer: Answer, first: bool) -> tuple[Worksheet, int]:
        """A new sheet with its headings, and the number of its first row for data."""
        sheet = self._book.add_worksheet(self.names.name(answer.name))
        row = 0
        if first and answer.cut is not None:
            sheet.write_string(0, 0, answer.cut.sentence(answer.name), self.styles.warning)
            row = 1
        sheet.set_row(row, 20)
        for index, column in enumerate(answer.columns):
            style = self.styles.header_right if column.kind in RIGHT_ALIGNED else self.styles.header
            sheet.write_string(row, index, column.heading, style)
            sheet.set_column(index, index, column_width(column))
        sheet.freeze_panes(row + 1, 0)
        self._set_print(sheet, row)
        self._header_row = row
        return sheet, row + 1

    def _set_print(self, sheet: Worksheet, header_row: int) -> None:
        sheet.set_paper(9)  # A4
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(header_row)
        title = self._report.title.replace("&", "&&")[:120]
        sheet.set_footer(f"&L&8{title}&R&8Page &P of &N")

    def _end(self, sheet: Worksheet, answer: Answer, row: int) -> None:
        if answer.columns:
            sheet.autofilter(self._header_row, 0, max(row - 1, self._header_row), len(answer.columns) - 1)

    def _rows(self, batch: pa.RecordBatch, answer: Answer) -> Iterator[tuple[str | float | bool | None, ...]]:
        columns = [
            self._fitting(cells(array, column.kind), column.longest)
            for array, column in zip(batch.columns, answer.columns, strict=True)
        ]
        return zip(*columns, strict=True)

    def _fitting(self, values: Cells, longest: str) -> Cells:
        """The values, texts cut to what a cell holds. (A character takes at most two of Excel's units.)"""
        if len(longest) * 2 <= MAX_CHARACTERS:
            return values
        return [self._cut(value) if isinstance(value, str) else value for value in values]

    def _cut(self, text: str) -> str:
        units = text.encode("utf-16-le")
        if len(units) // 2 <= MAX_CHARACTERS:
            return text
        self._cut_texts += 1
        return units[: (MAX_CHARACTERS - 1) * 2].decode("utf-16-le", "ignore") + "…"

    @staticmethod
    def _write_row(sheet: Worksheet, row: int, values: Sequence[object], formats: Sequence[object]) -> None:
        for index, value in enumerate(values):
            if value is None:
                continue
            if isinstance(value, str):  # never through write(), which would read text as a formula or a link
                sheet.write_string(row, index, value, formats[index])
            elif isinstance(value, bool):
                sheet.write_boolean(row, index, value, formats[index])
            else:
                sheet.write_number(row, index, value, formats[index])
