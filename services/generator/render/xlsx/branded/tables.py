"""Tables of a designer's workbook: filled from their first row on, and as long as what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from itertools import chain

from openpyxl import Workbook
from openpyxl.cell.cell import Cell
from openpyxl.formula.translate import Translator
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.worksheet.table import Table
from openpyxl.worksheet.worksheet import Worksheet

from libs.common.errors import PermanentFailure
from services.generator.render.xlsx.branded.charts import follow
from services.generator.render.xlsx.branded.content import Column, Content, set_value


@dataclass
class Room:
    """A table of the design."""

    book: Workbook
    sheet: Worksheet
    table: Table

    @property
    def area(self) -> tuple[int, int, int, int]:
        """First column, first row of values, last column, last row of values; all count from 1."""
        left, top, right, bottom = range_boundaries(self.table.ref)
        return left, top + self.headers, right, bottom - (self.table.totalsRowCount or 0)

    @property
    def headers(self) -> int:
        """Its rows of headings: one, or none."""
        return 1 if self.table.headerRowCount is None else int(self.table.headerRowCount)

    @property
    def first_cell(self) -> str:
        """Where its values begin."""
        left, top, _, _ = self.area
        return f"{get_column_letter(left)}{top}"


def fill_table(room: Room, content: Content) -> None:
    """Put the rows of `content` where the design has its own, in the look of its first one.

    The table's headings say which column goes where. A column that is none of the query's keeps its formula, in
    every row. What stands below the table must leave room: a PermanentFailure says so where it does not.
    """
    left, top, right, bottom = room.area
    places = _places(room, content)
    pattern = [room.sheet.cell(top, column) for column in range(left, right + 1)]
    formulas = [cell.value if cell.data_type == "f" else None for cell in pattern]
    totals = _taken_totals(room)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            room.sheet.cell(row, column).value = None
    row = top - 1
    for row, values in enumerate(content.rows, top):
        if row > bottom:
            _demand_free(room, row + len(totals), content.title)
        for place, formula, like in zip(places, formulas, pattern, strict=True):
            cell = room.sheet.cell(row, like.column)
            _dress(cell, like, None if place is None else content.columns[place])
            if place is not None:
                set_value(cell, values[place])
            elif isinstance(formula, str):
                cell.value = Translator(formula, like.coordinate).translate_formula(cell.coordinate)
    last = max(row, top)  # a table has at least one row
    _put_totals(room, totals, last + 1)
    first_row = top - room.headers
    room.table.ref = f"{get_column_letter(left)}{first_row}:{get_column_letter(right)}{last + len(totals)}"
    if room.table.autoFilter is not None:
        room.table.autoFilter.ref = f"{get_column_letter(left)}{first_row}:{get_column_letter(right)}{last}"
    follow(room.book, room.sheet.title, (left, top, right, bottom), last)


def _places(room: Room, content: Content) -> list[int | None]:
    """For each column of the table the number of the content's column; None for one that calculates."""
    left, top, right, _ = room.area
    known = {name.casefold(): index for index, column in enumerate(content.columns) for name in column.names if name}
    places: list[int | None] = []
    for heading, column in zip(room.table.column_names, range(left, right + 1), strict=True):
        place = known.get(str(heading).casefold())
        if place is None and room.sheet.cell(top, column).data_type != "f":
            names = ", ".join(own.names[0] for own in content.columns)
            raise PermanentFailure(
                f"The table '{room.table.name}' of the template's workbook has a column '{heading}', which "
                f"'{content.title}' does not give; it gives {names}."
            )
        places.append(place)
    return places


def _dress(cell: Cell, like: Cell, column: Column | None) -> None:
    if cell is not like:
        cell._style = copy(like._style)  # noqa: SLF001 - as the manual of openpyxl copies styles
    if column is None:
        return
    if column.asked is not None:
        cell.number_format = column.asked
    elif column.usual is not None and like.number_format == "General":
        cell.number_format = column.usual


def _taken_totals(room: Room) -> list[list[tuple[object, object]]]:
    """The rows of totals, lifted out of the sheet: values and styles."""
    left, _, right, bottom = room.area
    taken = []
    for row in range(bottom + 1, bottom + 1 + (room.table.totalsRowCount or 0)):
        cells = [room.sheet.cell(row, column) for column in range(left, right + 1)]
        taken.append([(cell.value, copy(cell._style)) for cell in cells])  # noqa: SLF001
        for cell in cells:
            cell.value = None
    return taken


def _put_totals(room: Room, totals: list[list[tuple[object, object]]], first: int) -> None:
    left = room.area[0]
    for row, cells in enumerate(totals, first):
        for column, (value, style) in enumerate(cells, left):
            cell = room.sheet.cell(row, column)
            cell.value, cell._style = value, copy(style)  # noqa: SLF001


def _demand_free(room: Room, row: int, title: str) -> None:
    left, _, right, _ = room.area
    filled = (cell for cell in _cells(room.sheet, row, left, right) if cell.value is not None)
    if (cell := next(filled, None)) is not None:
        raise PermanentFailure(
            f"The table '{room.table.name}' of the template's workbook has no room for the rows of '{title}': the "
            f"cell {cell.coordinate} of the sheet '{room.sheet.title}' is in the way. Leave the cells below it empty."
        )


def _cells(sheet: Worksheet, row: int, left: int, right: int) -> Iterator[Cell]:
    return chain.from_iterable(sheet.iter_rows(min_row=row, max_row=row, min_col=left, max_col=right))
