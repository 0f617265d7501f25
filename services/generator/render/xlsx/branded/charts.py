"""Charts of a designer's workbook go with the table that they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import column_index_from_string

_RANGE = re.compile(r"^(?P<sheet>.+)!\$?(?P<left>[A-Z]+)\$?(?P<top>\d+):\$?(?P<right>[A-Z]+)\$?(?P<bottom>\d+)$")


def follow(book: Workbook, sheet: str, area: tuple[int, int, int, int], last: int) -> None:
    """Make charts of the values in `area` (left, top, right, bottom) of `sheet` show all rows to `last`."""
    for reference in _references(book):
        found = _RANGE.match(reference.f or "")
        if found is None or found["sheet"].strip("'").replace("''", "'") != sheet:
            continue
        left, right = (column_index_from_string(found[side]) for side in ("left", "right"))
        if area[0] <= left <= right <= area[2] and (int(found["top"]), int(found["bottom"])) == (area[1], area[3]):
            reference.f = f"{found['sheet']}!${found['left']}${area[1]}:${found['right']}${last}"
            for cache in ("numCache", "strCache"):  # what the design showed is no longer so
                if hasattr(reference, cache):
                    setattr(reference, cache, None)


def _references(book: Workbook) -> Iterator[Any]:
    for sheet in book.worksheets:
        for chart in sheet._charts:  # noqa: SLF001 - there is no other way to the charts of a file that was read
            for one in (chart, *chart._charts[1:]):  # noqa: SLF001
                for series in one.ser:
                    yield from _of_series(series)


def _of_series(series: Any) -> Iterator[Any]:
    for data in (series.val, series.cat, getattr(series, "xVal", None), getattr(series, "yVal", None)):
        for kind in ("numRef", "strRef"):
            reference = getattr(data, kind, None)
            if reference is not None:
                yield reference
