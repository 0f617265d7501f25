"""Makes a chart of a widget and the answer that it shows."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal, cast

import pyarrow as pa
import pyarrow.compute as pc

from libs.common.look import Widget
from services.generator.answers import Answer, Column
from services.generator.columns.kinds import RIGHT_ALIGNED, spoken
from services.generator.columns.text import as_text
from services.generator.parts.chart import MAX_POINTS, ChartPart, Series
from services.generator.parts.formats import NumberFormat, WrongFormat, read_format
from services.generator.parts.ordered import ordered
from services.generator.parts.unfit import Unfit, place_of

_UNNAMED = "–"
"""The category whose name is NULL."""


def make_chart(widget: Widget, answer: Answer, folder: Path) -> ChartPart:
    """The chart that `widget` asks for; a sorted copy of its rows is kept under `folder`. Raises Unfit."""
    format_ = _format(widget)
    x = place_of(answer, widget.x) if widget.x else 0
    named = [place_of(answer, name) for name in widget.series]
    if answer.rows == 0:
        raise Unfit(f"The query '{answer.name}' gave no rows, so there is nothing to draw.", no_rows=True)
    places = _series(answer, named, x)
    title, notes = widget.title or answer.name, []
    if widget.kind == "pie" and len(places) > 1:
        notes.append(f"{title}: a pie shows one series; this one shows {answer.columns[places[0]].name}.")
        places = places[:1]
    if answer.rows > MAX_POINTS:
        notes.append(f"{title}: the chart shows the first {MAX_POINTS:,} of {answer.rows:,} rows.")
    head = _head(ordered(answer, widget.sort, (), folder))
    series = tuple(_one_series(head, index, answer.columns[index]) for index in places)
    if widget.kind == "pie" and any((value or 0) < 0 for value in series[0].values):
        raise Unfit(f"The column '{answer.columns[places[0]].name}' has values below 0, which no pie can show.")
    return ChartPart(
        title=title,
        kind=cast("Literal['bar', 'line', 'area', 'pie']", widget.kind),
        categories=_categories(head.column(x), answer.columns[x]),
        series=series,
        stacked=widget.stacked,
        x_label=answer.columns[x].heading,
        format=format_,
        width=widget.width,
        notes=tuple(notes),
    )


def _format(widget: Widget) -> NumberFormat | None:
    try:
        return read_format(widget.format)
    except WrongFormat as wrong:
        raise Unfit(f"Here {wrong}.") from wrong


def _series(answer: Answer, named: list[int], x: int) -> list[int]:
    """Where the numbers are: in the columns that are named, or in all but that of the categories."""
    if not named:
        fitting = [i for i, column in enumerate(answer.columns) if i != x and column.kind in RIGHT_ALIGNED]
        # A column that holds only NULL may be one of numbers: it is the better choice than no chart.
        fitting = fitting or [i for i, column in enumerate(answer.columns) if i != x and column.kind == "empty"]
        if not fitting:
            raise Unfit(f"The query '{answer.name}' has no column of numbers to draw besides its categories.")
        return fitting
    for column in (answer.columns[place] for place in named):
        if column.kind not in RIGHT_ALIGNED and column.kind != "empty":
            raise Unfit(f"The column '{column.name}' holds {spoken(column.kind)}; a chart needs numbers.")
    return named


def _head(answer: Answer) -> pa.RecordBatch:
    """The first rows, as many as a chart takes."""
    rows, batches = 0, []
    for batch in answer.batches():
        batches.append(batch.slice(0, MAX_POINTS - rows))
        rows += batches[-1].num_rows
        if rows == MAX_POINTS:
            break
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]


def _categories(array: pa.Array, column: Column) -> tuple[str, ...]:
    text = as_text(array, column.kind, with_zone=False)
    if column.kind in ("timestamp", "instant") and pc.all(pc.ends_with(text, " 00:00:00")).as_py():
        text = pc.utf8_slice_codeunits(text, 0, 10)
    return tuple(_UNNAMED if value is None else value for value in text.to_pylist())


def _one_series(head: pa.RecordBatch, index: int, column: Column) -> Series:
    values = as_text(head.column(index), column.kind).to_pylist()
    return Series(column.name, tuple(None if value is None else _drawable(value) for value in values))


def _drawable(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None
