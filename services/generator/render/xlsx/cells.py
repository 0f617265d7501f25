"""A column's values as Excel takes them: numbers where Excel keeps every digit, text where it would not."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Column
from services.generator.columns.kinds import Kind
from services.generator.columns.text import as_text

EXACT_DIGITS = 15
"""Excel keeps this many significant digits of a number."""

MAX_CHARACTERS = 32_767
"""The longest text of a cell, counted in UTF-16 units as Excel does."""

_EPOCH = 25_569
"""Excel's number for 1970-01-01."""

_FIRST_DAY = 61
"""1900-03-01. Excel believes in a 29 February 1900, so an earlier day would be a wrong one."""

_DAY_US = 86_400_000_000

Cells = Sequence[str | float | bool | None]


def cells(array: pa.Array, kind: Kind) -> Cells:
    """The values to write: a number, a bool, text, or None for an empty cell."""
    return _CELLS[kind](array, kind)


def number_format(column: Column) -> str | None:
    """Excel's format for the column's numbers, from its kind and the digits that occur; None is Excel's own choice."""
    if column.kind in ("number", "numeric"):
        return _decimal_format(column)
    if column.kind in ("timestamp", "instant"):
        return "yyyy-mm-dd hh:mm:ss" + (".000" if column.has_fraction else "")
    return {"integer": "0", "date": "yyyy-mm-dd", "time": "hh:mm:ss"}.get(column.kind)


def _decimal_format(column: Column) -> str | None:
    if column.decimals == 0:
        return "0"
    if column.kind == "numeric" or column.decimals <= 4:
        return "#,##0." + "0" * min(column.decimals, EXACT_DIGITS)
    return "#,##0.00##" if (column.smallest or 0) >= 0.01 else None


def _text(array: pa.Array, kind: Kind) -> Cells:
    values: Cells = as_text(array, kind).to_pylist()
    return values


def _plain(array: pa.Array, _kind: Kind) -> Cells:
    values: Cells = array.to_pylist()
    return values


def _integers(array: pa.Array, kind: Kind) -> Cells:
    limit = 10**EXACT_DIGITS
    return _or_text(array, kind, array, pc.and_(pc.less(array, limit), pc.greater(array, -limit)))


def _numbers(array: pa.Array, kind: Kind) -> Cells:
    return _or_text(array, kind, pc.add(array, 0.0), pc.is_finite(array))  # -0.0 is 0 to everybody but a computer


def _decimals(array: pa.Array, kind: Kind) -> Cells:
    text = as_text(array, kind)
    significant = pc.replace_substring_regex(pc.replace_substring_regex(text, r"^-?[0.]*|\.", ""), "0+$", "")
    fits = pc.and_(pc.match_substring_regex(text, r"^-?[0-9.]+$"), pc.less_equal(pc.utf8_length(significant), 15))
    return _or_text(array, kind, pc.if_else(fits, text, None).cast(pa.float64()), fits)


def _days(array: pa.Array, kind: Kind) -> Cells:
    days = pc.add(array.cast(pa.date32()).cast(pa.int32()), _EPOCH)
    return _or_text(array, kind, days, pc.greater_equal(days, _FIRST_DAY))


def _moments(array: pa.Array, kind: Kind) -> Cells:
    days = pc.add(pc.divide(pc.cast(array.cast(pa.int64()), pa.float64(), safe=False), _DAY_US), _EPOCH)
    return _or_text(array, kind, days, pc.greater_equal(days, _FIRST_DAY))


def _times(array: pa.Array, _kind: Kind) -> Cells:
    values: Cells = pc.divide(array.cast(pa.int64()).cast(pa.float64()), _DAY_US).to_pylist()
    return values


def _or_text(array: pa.Array, kind: Kind, numbers: pa.Array, fits: pa.Array) -> Cells:
    """The numbers, and the text of a value where the number would not be it."""
    values: Cells = numbers.to_pylist()
    if pc.all(fits).as_py() is not False:
        return values
    text = as_text(array, kind, with_zone=False).to_pylist()
    return [number if good else word for number, word, good in zip(values, text, fits.to_pylist(), strict=True)]


_CELLS: dict[Kind, Callable[[pa.Array, Kind], Cells]] = {
    "empty": _plain,
    "boolean": _plain,
    "integer": _integers,
    "number": _numbers,
    "numeric": _decimals,
    "text": _text,
    "binary": _text,
    "date": _days,
    "time": _times,
    "timestamp": _moments,
    "instant": _moments,
}
