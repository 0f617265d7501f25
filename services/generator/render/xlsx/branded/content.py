"""The rows of a part as the values of single cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa
from openpyxl.cell.cell import Cell

from services.generator.parts import ChartPart, ShownColumn, TablePart
from services.generator.render.xlsx.cells import cells
from services.generator.render.xlsx.codes import Codes
from services.generator.render.xlsx.escape import without_controls
from services.generator.render.xlsx.oddities import Oddities

Value = int | float | bool | str | None


@dataclass(frozen=True)
class Column:
    """A column of a part: the names that a designer may have given it, and Excel's format for its numbers."""

    names: tuple[str, ...]
    asked: str | None
    """What the template asks for."""
    usual: str | None
    """What its type asks for, where the design says nothing."""


@dataclass(frozen=True)
class Content:
    """What goes into a designer's table."""

    title: str
    columns: tuple[Column, ...]
    rows: Iterator[tuple[Value, ...]]


def set_value(cell: Cell, value: Value | datetime | date) -> None:
    """Set a cell's value; text stays text, whatever it says."""
    if isinstance(value, str):
        cell.value = without_controls(value)
        cell.data_type = "s"
    else:
        cell.value = value


def table_content(part: TablePart, oddities: Oddities, codes: Codes) -> Content:
    """All rows, one after the other; groups and totals are the designer's business."""
    columns = tuple(
        Column(
            (shown.label, shown.column.name),
            None if shown.format is None else codes.asked(shown.format),
            codes.usual(shown.column),
        )
        for shown in part.columns
    )
    return Content(part.title, columns, _rows(part, oddities))


def chart_content(part: ChartPart, codes: Codes) -> Content:
    """The categories and the series beside them."""
    asked = None if part.format is None else codes.asked(part.format)
    series = (Column((series.label,), asked, None) for series in part.series)
    columns = (Column((part.x_label, "category"), None, None), *series)
    rows = zip(part.categories, *(series.values for series in part.series), strict=True)
    return Content(part.title, columns, iter(rows))


def _rows(part: TablePart, oddities: Oddities) -> Iterator[tuple[Value, ...]]:
    for batch in part.batches():
        yield from zip(*(_values(batch, shown, oddities) for shown in part.columns), strict=True)


def _values(batch: pa.RecordBatch, shown: ShownColumn, oddities: Oddities) -> list[Value]:
    as_words = shown.format is not None and shown.format.kind == "text"
    found = cells(batch.column(shown.index), shown.column, oddities, text=as_words)
    nothing = [None] * batch.num_rows
    numbers = nothing if found.numbers is None else found.numbers.to_pylist()
    words = nothing if found.words is None else found.words.to_pylist()
    return [
        word if number is None else _number(number, found.boolean) for number, word in zip(numbers, words, strict=True)
    ]


def _number(text: str, boolean: bool) -> Value:
    if boolean:
        return text == "1"
    return int(text) if text.lstrip("-").isdigit() else float(text)
