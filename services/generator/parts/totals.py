"""Sums, averages, least and greatest values and counts: exact, while the rows stream by."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import MAX_EMAX, MAX_PREC, MIN_EMIN, ROUND_HALF_EVEN, Context, Decimal

import pyarrow as pa
import pyarrow.compute as pc

from libs.common.look import Total
from services.generator.answers import Column
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.columns.text import as_text
from services.generator.parts.table import ShownColumn

_MOST_DIGITS = 60
"""Arrow's decimals have 76 digits: columns of numbers with up to this many can be added up in them."""

_EXACT = Context(prec=MAX_PREC, Emax=MAX_EMAX, Emin=MIN_EMIN, rounding=ROUND_HALF_EVEN, traps=[])
_FEW = 200
"""Rows, as of a small group, that are added up one by one: to set Arrow to work takes longer."""

_AVERAGE_DECIMALS = 4
"""An average has at most this many decimals more than its column."""


def can_total(column: Column, total: Total) -> bool:
    """Whether `total` means anything for what the column holds."""
    return total == "count" or column.kind == "empty" or column.kind in RIGHT_ALIGNED


class Totals:
    """The totals of the rows seen so far, of those columns that have one.

    The figures are those that a reader of the file could add up himself: each value counts with the digits in which
    it is written, and nothing is rounded but an average.
    """

    def __init__(self, columns: Sequence[ShownColumn]) -> None:
        self._running = [_Running(shown) if shown.total else None for shown in columns]

    def add(self, batch: pa.RecordBatch) -> None:
        """Count these rows, which have all columns of the answer."""
        for running in self._running:
            if running is not None:
                running.add(batch.column(running.index))

    def values(self) -> tuple[Decimal | None, ...]:
        """One value for each column: None where it has no total, or no value that is not NULL."""
        return tuple(None if running is None else running.value() for running in self._running)


class _Running:
    def __init__(self, shown: ShownColumn) -> None:
        assert shown.total is not None
        self.index = shown.index
        self._total = shown.total
        self._column = shown.column
        self._count = 0
        self._value: Decimal | None = None
        digits = shown.column.whole + shown.column.decimals
        self._type = pa.decimal256(76, min(shown.column.decimals, _MOST_DIGITS)) if digits <= _MOST_DIGITS else None

    def add(self, array: pa.Array) -> None:
        count = len(array) - array.null_count
        if count == 0:
            return
        self._count += count
        if self._total != "count":
            found = self._of(array)
            self._value = found if self._value is None else _joined(self._total, (self._value, found))

    def value(self) -> Decimal | None:
        if self._total == "count":
            return Decimal(self._count)
        if self._total == "average" and self._value is not None:
            return self._average(self._value)
        return self._value

    def _of(self, array: pa.Array) -> Decimal:
        """The total of the values that are not NULL; there is at least one."""
        if len(array) <= _FEW:
            return _joined(self._total, (_exact(value) for value in array.to_pylist() if value is not None))
        numbers = array if self._column.kind == "integer" else as_text(array, self._column.kind)
        if self._type is not None:
            try:
                decimals = numbers.cast(self._type)
            except pa.ArrowInvalid:  # NaN, Infinity or 1e+300 is among them
                pass
            else:
                found: Decimal = _VECTORISED[self._total](decimals).as_py()
                return found
        return _joined(self._total, (Decimal(str(value)) for value in numbers.to_pylist() if value is not None))

    def _average(self, total: Decimal) -> Decimal:
        if not total.is_finite():
            return total
        decimals = self._column.decimals + _AVERAGE_DECIMALS
        precision = max(total.adjusted(), 0) + decimals + 2
        quotient = Context(prec=precision + 5, Emax=MAX_EMAX, Emin=MIN_EMIN).divide(total, Decimal(self._count))
        return _without_zeros(quotient.quantize(Decimal(1).scaleb(-decimals), context=_EXACT), self._column.decimals)


_VECTORISED = {"sum": pc.sum, "average": pc.sum, "min": pc.min, "max": pc.max}


def _joined(total: Total, values: Iterable[Decimal]) -> Decimal:
    """Two or more values as one. NaN is greater than any number, and a sum with it is NaN, as in PostgreSQL."""
    if total in ("sum", "average"):
        whole = Decimal(0)
        for value in values:
            whole = _EXACT.add(whole, value)
        return whole
    choose = max if total == "max" else min
    return choose(values, key=lambda value: (value.is_nan(), Decimal(0) if value.is_nan() else value))


def _exact(value: float | str) -> Decimal:
    """The value with the digits in which it is written; a float has the fewest that name it."""
    return Decimal(repr(value) if isinstance(value, float) else value)


def _without_zeros(value: Decimal, decimals: int) -> Decimal:
    """`value` without zeros at its end, but with at least `decimals` decimals."""
    text = format(value, "f")
    whole, _, fraction = text.partition(".")
    fraction = fraction[:decimals] + fraction[decimals:].rstrip("0")
    return Decimal(f"{whole}.{fraction}" if fraction else whole)
