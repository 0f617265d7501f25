"""A table on a sheet of its own, or on several where it is longer than a sheet can be."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter import Workbook
from xlsxwriter.worksheet import Worksheet

from libs.common.errors import PermanentFailure
from services.generator.parts import TablePart
from services.generator.render.report import Progress
from services.generator.render.xlsx.lines import Lines
from services.generator.render.xlsx.names import SheetNames
from services.generator.render.xlsx.oddities import Oddities
from services.generator.render.xlsx.package import Body
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.put import put_text
from services.generator.render.xlsx.rules import add_rules
from services.generator.render.xlsx.styles import Styles

MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384


class TableSheets:
    """Draws the frame of a table's sheets, and knows the rows that belong into it."""

    def __init__(
        self, part: TablePart, banners: Sequence[str], oddities: Oddities, progress: Progress, max_rows: int = MAX_ROWS
    ) -> None:
        if len(part.columns) > MAX_COLUMNS:
            raise PermanentFailure(
                f"The table '{part.title}' has {len(part.columns):,} columns; an Excel sheet takes {MAX_COLUMNS:,}."
            )
        self._part = part
        self._banners = banners
        self._header = len(banners)
        self._capacity = max_rows - self._header - 1
        self._lines = Lines(part, self._header + 2, self._capacity, oddities, progress)

    def draw(self, book: Workbook, names: SheetNames, styles: Styles, paper: Paper) -> dict[int, Body]:
        """Add the sheets to `book`. The rows of each, by the number of the sheet (1 is the first)."""
        lines, bodies, first = self._lines.count(), {}, self._header + 1
        for before in range(0, max(lines, 1), self._capacity):
            sheet = book.add_worksheet(names.name(self._part.title))
            last = first + min(lines - before, self._capacity) - 1
            has_total = self._part.totals is not None and 0 < lines - before <= self._capacity
            self._frame(sheet, styles, paper, last - has_total)
            if lines:
                patterns = self._patterns(sheet, styles, first)
                number = len(book.worksheets())
                bodies[number] = Body(
                    first + 1, last + 1, patterns, self._lines.of_next_sheet, self._most_bytes(last - first + 1)
                )
            else:
                put_text(sheet, first, 0, "No rows.", styles.muted)
        return bodies

    def _most_bytes(self, lines: int) -> int:
        # The longest that becomes of a character are the seven bytes of an escape like _x0007_.
        columns = [shown.column for shown in self._part.columns]
        return lines * sum(70 + len(one.longest) * (7 if one.kind == "text" else 1) for one in columns)

    def _frame(self, sheet: Worksheet, styles: Styles, paper: Paper, last: int) -> None:
        """All but the rows; `last` is the last one with values, from 0."""
        columns = self._part.columns
        for row, banner in enumerate(self._banners):
            put_text(sheet, row, 0, banner, styles.warning)
            for index in range(1, len(columns)):
                sheet.write_blank(row, index, None, styles.warning)
        sheet.set_row(self._header, 20 * max((shown.label.count("\n") + 1 for shown in columns), default=1))
        for index, shown in enumerate(columns):
            put_text(sheet, self._header, index, shown.label, styles.header(shown))
            sheet.set_column(index, index, styles.width(shown))
            if shown.rules and last > self._header:
                add_rules(sheet, shown, index, self._header + 1, last, styles)
        sheet.freeze_panes(self._header + 1, 0)
        paper.set(sheet, sum(styles.width(shown) for shown in columns), self._header)
        if columns and not self._part.groups:  # a filter would tear the headings of groups from their rows
            sheet.autofilter(self._header, 0, last, len(columns) - 1)

    def _patterns(self, sheet: Worksheet, styles: Styles, first: int) -> int:
        """Write one row of each sort from row `first` (from 0) on: Lines says in which order. Their number."""
        columns, levels = self._part.columns, len(self._part.groups)
        sorts = [([styles.cell(shown) for shown in columns], levels)]
        sorts += [([styles.heading(level)] * len(columns), level) for level in range(levels)]
        if self._part.totals is not None:
            sorts += [([styles.subtotal(shown, level) for shown in columns], level) for level in range(levels)]
            sorts.append(([styles.total(shown) for shown in columns], 0))
        for row, (formats, outline) in enumerate(sorts, first):
            if outline:
                sheet.set_row(row, None, None, {"level": min(outline, 7)})
            for index, style in enumerate(formats):
                sheet.write_blank(row, index, None, style)
        return len(sorts)
