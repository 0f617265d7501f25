"""A table: which columns of an answer are shown, and how."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa

from libs.common.look import Align, ColourRule, Total
from services.generator.answers import Answer, Column
from services.generator.parts.formats import NumberFormat


@dataclass(frozen=True)
class ShownColumn:
    """One column of a table, in the order in which it is drawn."""

    column: Column
    index: int
    """Where it is in the answer's batches."""
    label: str
    format: NumberFormat | None
    """None: as its type asks."""
    align: Align
    width: float | None
    total: Total | None
    rules: tuple[ColourRule, ...]


@dataclass(frozen=True)
class TablePart:
    """The rows of one answer, sorted and kept together as the widget asks.

    `groups` are indices into the answer's batches; the rows of a group follow one another. A renderer starts a group
    wherever one of these values changes (`parts.groups.runs` finds the places), and draws subtotals of the columns
    that have a `total` (`parts.totals.Totals` adds them up exactly).
    """

    title: str
    answer: Answer
    columns: tuple[ShownColumn, ...]
    groups: tuple[int, ...] = ()
    totals: tuple[Decimal | None, ...] | None = None
    """One for each of `columns`, over all rows; None if no column has a total. As in SQL, a NaN among the values
    makes the sum NaN, and a column that holds nothing has no total but a count of 0."""
    width: str = "full"
    notes: tuple[str, ...] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows from the first to the last, with all columns of the answer."""
        yield from self.answer.batches()
