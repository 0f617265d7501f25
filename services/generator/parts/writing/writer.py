"""Writes the values of a report for people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc
from babel import Locale, UnknownLocaleError

from services.generator.answers import Column
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.columns.text import as_text
from services.generator.parts.figure import FigurePart
from services.generator.parts.formats import NumberFormat
from services.generator.parts.table import ShownColumn, TablePart
from services.generator.parts.writing.moments import Moments
from services.generator.parts.writing.numbers import SHOWN_DECIMALS, Numbers, is_rounded

_MOMENTS = ("date", "timestamp", "instant", "time")
_NUMBER_FORMATS = ("integer", "decimal", "percent", "currency", "excel")
_COUNTED = NumberFormat("integer", "#,##0", 0)


@dataclass(frozen=True)
class FigureText:
    """A key figure in words; `previous` and `change` are empty where there is none."""

    value: str
    previous: str
    change: str


class Writer:
    """Writes values as the locale `name` does (`de`, `en_GB`); one that nobody knows is written as `en`.

    Digits are those of the source unless a format asks for fewer, or a floating-point column has more than people
    want to see (`rounding_note` says so).
    """

    def __init__(self, name: str) -> None:
        self.locale = _locale(name)
        self._numbers = Numbers(self.locale)
        self._moments = Moments(self.locale)

    def column(self, array: pa.Array, shown: ShownColumn) -> list[str]:
        """The values of a table's column; NULL is empty."""
        column, format_ = shown.column, shown.format
        if column.kind in RIGHT_ALIGNED and not _is_text(format_):
            return self._written(as_text(array, column.kind), self._number_of(column, format_))
        if column.kind in _MOMENTS and not _is_text(format_):
            return self._moments_of(array, column, format_)
        if column.kind == "empty":
            return [""] * len(array)
        return _filled(as_text(array, column.kind, with_zone=False))

    def total(self, value: Decimal | None, shown: ShownColumn) -> str:
        """A total of a table's column."""
        if value is None:
            return ""
        if shown.total == "count":
            return self._numbers.formatted(value, _COUNTED)
        if shown.format is not None and shown.format.kind in _NUMBER_FORMATS:
            return self._numbers.formatted(value, shown.format)
        if shown.column.kind == "number" and not _is_text(shown.format):
            return self._numbers.plain(value, decimals=min(shown.column.decimals, SHOWN_DECIMALS))
        return self._numbers.plain(value, grouped=shown.column.decimals > 0)

    def figure(self, part: FigurePart) -> FigureText:
        """A key figure."""
        change = "" if part.change is None else self._numbers.change(part.change)
        previous = "" if part.previous is None else self.value(part.previous, part.format)
        return FigureText(self.value(part.value, part.format), previous, change)

    def value(self, value: object, format_: NumberFormat | None = None) -> str:
        """One value that stands for itself: a figure, a mark on an axis."""
        if value is None:
            return "–"
        if isinstance(value, Decimal | int | float) and not _is_text(format_):
            number = Decimal(str(value))
            if format_ is not None and format_.kind in _NUMBER_FORMATS:
                return self._numbers.formatted(number, format_)
            if isinstance(value, float) and number.is_finite():
                return self._numbers.plain(_for_the_eye(number))
            return self._numbers.plain(number)
        if isinstance(value, date | datetime | time) and not _is_text(format_):
            return self._moments.written(value, format_)
        return str(value)

    def _number_of(self, column: Column, format_: NumberFormat | None) -> Callable[[str], str]:
        numbers = self._numbers
        if format_ is not None and format_.kind in _NUMBER_FORMATS:
            return lambda text: numbers.formatted(Decimal(text), format_)
        if column.kind == "number" and (is_rounded(column) or 0 < column.decimals <= SHOWN_DECIMALS):
            decimals = min(column.decimals, SHOWN_DECIMALS)
            return lambda text: text if "e" in text else numbers.plain(Decimal(text), decimals=decimals)
        if column.decimals == 0:
            return lambda text: text  # it may be a year or the number of a customer: no thousands are marked
        return lambda text: text if "e" in text else numbers.plain(Decimal(text))

    def _written(self, texts: pa.StringArray, write: Callable[[str], str]) -> list[str]:
        return ["" if text is None else write(text) for text in texts.to_pylist()]

    def _moments_of(self, array: pa.Array, column: Column, format_: NumberFormat | None) -> list[str]:
        """Each moment that occurs is written once: there are far fewer days than rows."""
        found = array.dictionary_encode()
        distinct = found.dictionary
        exact = as_text(distinct, column.kind, with_zone=False).to_pylist()
        words = [self._moment(value, text, format_) for value, text in zip(_python(distinct), exact, strict=True)]
        return ["" if index is None else words[index] for index in found.indices.to_pylist()]

    def _moment(self, value: date | datetime | time | None, exact: str, format_: NumberFormat | None) -> str:
        return exact if value is None else self._moments.written(value, format_)


def rounding_note(parts: Sequence[ShownColumn] | TablePart) -> str:
    """The sentence that says which columns people see rounded; empty if none is."""
    columns = parts.columns if isinstance(parts, TablePart) else parts
    rounded = [shown.label for shown in columns if shown.format is None and is_rounded(shown.column)]
    return f"Rounded to {SHOWN_DECIMALS} decimals here: {', '.join(rounded)}." if rounded else ""


def _locale(name: str) -> Locale:
    for wanted in (name.replace("-", "_"), name.replace("-", "_").partition("_")[0]):
        try:
            return Locale.parse(wanted)
        except (UnknownLocaleError, ValueError):
            continue
    return Locale.parse("en")


def _is_text(format_: NumberFormat | None) -> bool:
    return format_ is not None and format_.kind == "text"


def _python(array: pa.Array) -> list[date | datetime | time | None]:
    """The values as Python has them; None for a year that Python does not know."""
    try:
        values: list[date | datetime | time | None] = array.to_pylist()
    except (ValueError, OverflowError):
        return [_or_none(value) for value in array]
    return values


def _or_none(scalar: pa.Scalar) -> date | datetime | time | None:
    try:
        value: date | datetime | time | None = scalar.as_py()
    except (ValueError, OverflowError):
        return None
    return value


def _for_the_eye(number: Decimal) -> Decimal:
    """A float with no more decimals than people want, unless it would vanish; a whole one has none."""
    if number == number.to_integral_value():
        return number.quantize(Decimal(1)) if number.adjusted() < 27 else number
    places = -int(number.as_tuple().exponent)
    if places <= SHOWN_DECIMALS or abs(number) < Decimal("0.0005"):
        return number
    return round(number, SHOWN_DECIMALS).normalize()


def _filled(text: pa.StringArray) -> list[str]:
    filled: list[str] = pc.fill_null(text, "").to_pylist()
    return filled
