"""Where a designer's workbook takes values: its named ranges and its tables."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal

from openpyxl import Workbook
from openpyxl.workbook.defined_name import DefinedName

from services.generator.render.xlsx.branded.content import Value, set_value
from services.generator.render.xlsx.branded.tables import Room
from services.generator.render.xlsx.cells import is_exact
from services.generator.render.xlsx.line import written


class Places:
    """Finds names without regard to case, and to what stands in the place of characters that Excel's names lack."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._names: dict[str, DefinedName] = {}
        self._tables: dict[str, Room] = {}
        for sheet in book.worksheets:
            self._names |= {_key(name): defined for name, defined in sheet.defined_names.items()}
            self._tables |= {_key(table.name): Room(book, sheet, table) for table in sheet.tables.values()}
        self._names |= {_key(name): defined for name, defined in book.defined_names.items()}

    def table(self, name: str) -> Room | None:
        """The table called so, if there is one."""
        return self._tables.get(_key(name))

    def write(self, name: str, value: object, number_format: str | None = None) -> bool:
        """Write `value` into the cell that is called so; False if there is none."""
        defined = self._names.get(_key(name))
        if defined is None:
            return False
        for sheet, area in defined.destinations:
            if sheet in self._book.sheetnames:
                cell = self._book[sheet][area.replace("$", "").split(":")[0]]
                set_value(cell, _plain(value))
                if number_format is not None and not isinstance(cell.value, str):
                    cell.number_format = number_format
                return True
        return False

    @staticmethod
    def spelled(name: str) -> str:
        """`name` as Excel takes it for a range or a table."""
        spelled = re.sub(r"\W+", "_", name)
        return spelled if re.match(r"[^\W\d]", spelled) else f"_{spelled}"


def _key(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name).strip("_").casefold()


def _plain(value: object) -> Value | datetime | date:
    if isinstance(value, Decimal):
        return float(value) if is_exact(value) else written(value)
    if isinstance(value, int) and not isinstance(value, bool) and not is_exact(Decimal(value)):
        return str(value)
    if isinstance(value, date):
        naive = value.replace(tzinfo=None) if isinstance(value, datetime) else value
        return naive if naive.year > 1900 else str(value)
    return value if value is None or isinstance(value, int | float) else str(value)
