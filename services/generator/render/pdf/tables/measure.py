"""What a table's columns need, learnt from its first rows and from what is known of all of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import pyarrow as pa

from services.generator.parts import ShownColumn, TablePart
from services.generator.parts.writing import Writer
from services.generator.render.pdf.tables.layout import Need, needs_of
from services.generator.render.pdf.type import Fonts

_SAMPLE_ROWS, _MEASURED = 1_000, 80
_TOTAL_WORDS = {"sum": "", "average": "avg ", "min": "min ", "max": "max ", "count": "n = "}

Texts = list[list[str]]
"""Texts of each column."""


class Measured:
    """The needs of a table's columns; `first` are the texts of its first batch, where all of them were measured."""

    def __init__(self, part: TablePart, writer: Writer, fonts: Fonts) -> None:
        self.first: Texts | None = None
        samples = self._samples(part, writer)
        totals = total_texts(part.totals or [None] * len(samples), part.columns, writer)
        for sample, shown, total in zip(samples, part.columns, totals, strict=True):
            sample.extend(_widest(shown, writer))
            sample.append(total and total + "0")  # it is bold
        self.needs: tuple[Need, ...] = needs_of(part.columns, samples, fonts)

    def _samples(self, part: TablePart, writer: Writer) -> Texts:
        for batch in part.batches():
            head = batch.slice(0, _SAMPLE_ROWS)
            texts = written(head, part.columns, writer)
            if head.num_rows == batch.num_rows:
                self.first = texts
            return [sorted(set(column), key=len, reverse=True)[:_MEASURED] for column in texts]
        return [[] for _ in part.columns]


def written(batch: pa.RecordBatch, columns: Sequence[ShownColumn], writer: Writer) -> Texts:
    """The rows as people read them."""
    return [writer.column(batch.column(shown.index), shown) for shown in columns]


def total_texts(values: Sequence[Decimal | None], columns: Sequence[ShownColumn], writer: Writer) -> list[str]:
    """The total of each column and, unless it is a sum, what it is; empty where there is none."""
    return [
        "" if shown.total is None or value is None else _TOTAL_WORDS[shown.total] + writer.total(value, shown)
        for value, shown in zip(values, columns, strict=True)
    ]


def _widest(shown: ShownColumn, writer: Writer) -> Iterator[str]:
    """Texts as long as the longest of the whole column, which need not be among the first rows."""
    column = shown.column
    if column.kind == "integer" and 0 < column.whole <= 18:
        sign = -1 if column.longest.startswith("-") else 1
        yield from writer.column(pa.array([sign * int("8" * column.whole)]), shown)
    elif column.kind == "numeric":
        digits = "8" * max(1, column.whole) + ("." + "8" * column.decimals if column.decimals else "")
        yield from writer.column(pa.array([digits]), shown)
    elif column.kind == "number" and column.whole <= 15:
        yield from writer.column(pa.array([float("8" * max(1, column.whole))]), shown)
    elif column.kind in ("text", "binary") or shown.format is None:
        yield column.longest
