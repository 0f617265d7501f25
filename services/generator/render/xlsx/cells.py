"""A column's values as Excel takes them: numbers where Excel keeps every digit, text where it would not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Column
from services.generator.columns.kinds import Kind
from services.generator.columns.text import as_text
from services.generator.render.xlsx.oddities import MAX_CHARACTERS, Oddities

EXACT_DIGITS = 15
"""Excel keeps this many significant digits of a number."""

_EPOCH = 25_569
"""Excel's number for 1970-01-01."""

_FIRST_DAY = 61
"""1900-03-01. Excel believes in a 29 February 1900, so an earlier day would be a wrong one."""

_AFTER_LAST_DAY = 2_958_466
"""10000-01-01, to which the last microsecond of 9999 is rounded."""

_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class Cells:
    """What stands in the cells of a column. A value is in one of the two; one that is in none is an empty cell."""

    numbers: pa.StringArray | None = None
    words: pa.StringArray | None = None
    boolean: bool = False
    """The numbers are 1 for true and 0 for false."""


def cells(array: pa.Array, column: Column, oddities: Oddities, *, text: bool = False) -> Cells:
    """The cells of one batch of `column`. With `text`, all values are shown as text, whatever they are."""
    if text and column.kind != "empty":
        return _text(array, column, oddities)
    return _CELLS[column.kind](array, column, oddities)


def is_exact(value: Decimal) -> bool:
    """Whether Excel keeps every digit of `value`."""
    return value.is_finite() and len(format(value, "f").lstrip("-").replace(".", "").strip("0")) <= EXACT_DIGITS


def _text(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    text = as_text(array, column.kind, with_zone=False)
    if len(column.longest) * 2 > MAX_CHARACTERS:  # a character takes at most two of Excel's units
        text = _fitting(text, oddities)
    return Cells(words=text)


def _fitting(text: pa.StringArray, oddities: Oddities) -> pa.StringArray:
    """The texts, cut to what a cell holds. (A text has no more UTF-16 units than it has bytes in UTF-8.)"""
    suspects = pc.fill_null(pc.greater(pc.binary_length(text), MAX_CHARACTERS), False)
    if not pc.any(suspects).as_py():
        return text
    return pc.replace_with_mask(
        text, suspects, pa.array([_cut(value, oddities) for value in text.filter(suspects).to_pylist()], pa.string())
    )


def _cut(text: str, oddities: Oddities) -> str:
    units = text.encode("utf-16-le")
    if len(units) // 2 <= MAX_CHARACTERS:
        return text
    oddities.cut_texts += 1
    return units[: (MAX_CHARACTERS - 1) * 2].decode("utf-16-le", "ignore") + "…"


def _nothing(_array: pa.Array, _column: Column, _oddities: Oddities) -> Cells:
    return Cells()


def _booleans(array: pa.Array, _column: Column, _oddities: Oddities) -> Cells:
    return Cells(numbers=array.cast(pa.int8()).cast(pa.string()), boolean=True)


def _integers(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    text = array.cast(pa.string())
    if len(column.longest) <= EXACT_DIGITS:
        return Cells(numbers=text)
    limit = 10**EXACT_DIGITS
    return _numbers_or_text(text, text, pc.and_(pc.less(array, limit), pc.greater(array, -limit)), oddities)


def _numbers(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    positive = pc.add(array.cast(pa.float64()), 0.0)  # -0.0 is 0 to everybody but a computer
    text = as_text(array, column.kind)
    return _numbers_or_text(positive.cast(pa.string()), text, pc.is_finite(positive), oddities)


def _decimals(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    text = as_text(array, column.kind)
    plain = pc.match_substring_regex(text, r"^-?[0-9]+(\.[0-9]+)?$")
    if column.whole + column.decimals > EXACT_DIGITS:
        significant = pc.replace_substring_regex(pc.replace_substring_regex(text, r"^-?[0.]*|\.", ""), "0+$", "")
        plain = pc.and_(plain, pc.less_equal(pc.utf8_length(significant), EXACT_DIGITS))
    return _numbers_or_text(text, text, plain, oddities)


def _days(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    days = pc.add(array.cast(pa.date32()).cast(pa.int32()), _EPOCH)
    return _moments_or_text(days, array, column, oddities)


def _moments(array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    days = pc.add(pc.divide(pc.cast(_microseconds(array), pa.float64(), safe=False), _DAY_US), _EPOCH)
    return _moments_or_text(days, array, column, oddities)


def _times(array: pa.Array, _column: Column, _oddities: Oddities) -> Cells:
    micros = array.cast(pa.time64("us")).cast(pa.int64())
    return Cells(numbers=pc.divide(micros.cast(pa.float64()), _DAY_US).cast(pa.string()))


def _microseconds(array: pa.Array) -> pa.Array:
    return array.cast(pa.timestamp("us", array.type.tz)).cast(pa.int64())


def _moments_or_text(days: pa.Array, array: pa.Array, column: Column, oddities: Oddities) -> Cells:
    fits = pc.and_(pc.greater_equal(days, _FIRST_DAY), pc.less(days, _AFTER_LAST_DAY))
    if pc.all(fits).as_py() is not False:
        return Cells(numbers=days.cast(pa.string()))
    oddities.moments += pc.sum(pc.invert(fits)).as_py()
    words = as_text(array, column.kind, with_zone=False)
    return Cells(pc.if_else(fits, days.cast(pa.string()), None), pc.if_else(fits, None, words))


def _numbers_or_text(numbers: pa.Array, words: pa.Array, fits: pa.Array, oddities: Oddities) -> Cells:
    """The numbers, and the text of a value where the number would not be it."""
    if pc.all(fits).as_py() is not False:
        return Cells(numbers=numbers)
    oddities.numbers += pc.sum(pc.invert(fits)).as_py()
    return Cells(pc.if_else(fits, numbers, None), pc.if_else(fits, None, words))


_CELLS: dict[Kind, Callable[[pa.Array, Column, Oddities], Cells]] = {
    "empty": _nothing,
    "boolean": _booleans,
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
