"""What a letter shows of a report: its key figures, and the first rows of its first table.

Both are read from the answers that are on disk already, as the report's own locale and column settings write them.
Only the first batch of one answer is opened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from libs.common.delivering import Figure, Preview, PreviewColumn
from libs.common.messages import GenerateReport
from services.generator.parts import FigurePart, Part, ShownColumn, TablePart
from services.generator.parts.writing import Writer

MOST_ROWS = 50
"""A report whose files may serve another one shows this many: the other one may want more than it does itself."""

MOST_COLUMNS = 8
MOST_FIGURES = 24
LONGEST_CELL = 60
LONGEST_LABEL = 80
LONGEST_TITLE = 200
"""Of a figure: `{{figure:…}}` in a subject must find it."""
MOST_BYTES = 20_000
"""A message must stay small, however wide the cells are: rows beyond this are left out."""

_ELLIPSIS = "…"
_BLANKS = re.compile(r"[\x00-\x20\x7f\x85\u2028\u2029]+")
"""Not the blanks that must not break: they stand between the thousands of some locales."""


@dataclass(frozen=True, kw_only=True)
class Glimpse:
    """What letters may show. It is kept with what was made, so that held and reused reports have it too."""

    preview: Preview | None = None
    figures: tuple[Figure, ...] = ()


NOTHING = Glimpse()


def rows_wanted(command: GenerateReport) -> int | None:
    """How many rows to look at; None if letters may show nothing, because the files have a password or nobody gets
    one."""
    template, delivery = command.order.template, command.order.delivery
    if template.packing.sealed_password:
        return None
    if template.keeping.reuse_seconds:
        return MOST_ROWS
    return delivery.manner.preview_rows if delivery.recipients or delivery.destinations else None


def glimpse_of(parts: Sequence[Part], locale: str, rows: int) -> Glimpse:
    """The figures among `parts`, and at most `rows` rows of the first table that has any."""
    writer = Writer(locale)
    table = next((part for part in parts if isinstance(part, TablePart) and part.answer.rows), None)
    figures = [_figure(part, writer) for part in parts if isinstance(part, FigurePart)]
    return Glimpse(
        preview=_preview(table, writer, rows) if table is not None and rows else None,
        figures=tuple(figures[:MOST_FIGURES]),
    )


def cut_to(preview: Preview | None, rows: int) -> Preview | None:
    """The preview with at most `rows` rows; None if that leaves nothing."""
    if preview is None or not rows:
        return None
    if len(preview.rows) <= rows:
        return preview
    return Preview(
        title=preview.title,
        columns=preview.columns,
        rows=preview.rows[:rows],
        total_rows=preview.total_rows,
        more_columns=preview.more_columns,
    )


def _preview(table: TablePart, writer: Writer, rows: int) -> Preview:
    shown = table.columns[:MOST_COLUMNS]
    written = [_cells(batch, shown, writer) for batch in _first(table, rows)]
    lines = [line for cells in written for line in zip(*cells, strict=True)]
    return Preview(
        title=_short(table.title, LONGEST_LABEL),
        columns=tuple(
            PreviewColumn(label=_short(one.label, LONGEST_LABEL), numeric=one.align == "right") for one in shown
        ),
        rows=_fitting(lines),
        total_rows=table.answer.rows,
        more_columns=len(table.columns) - len(shown),
    )


def _first(table: TablePart, rows: int) -> list[pa.RecordBatch]:
    """The first rows, in as many batches as they take."""
    found: list[pa.RecordBatch] = []
    for batch in table.batches():
        found.append(batch.slice(0, rows))
        rows -= found[-1].num_rows
        if rows <= 0:
            break
    return found


def _cells(batch: pa.RecordBatch, shown: Sequence[ShownColumn], writer: Writer) -> list[list[str]]:
    return [[_short(text, LONGEST_CELL) for text in writer.column(batch.column(one.index), one)] for one in shown]


def _fitting(lines: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """As many of the rows as a message may carry."""
    left, fitting = MOST_BYTES, []
    for line in lines:
        left -= sum(len(cell.encode(errors="replace")) + 3 for cell in line)
        if left < 0:
            break
        fitting.append(line)
    return tuple(fitting)


def _figure(part: FigurePart, writer: Writer) -> Figure:
    text = writer.figure(part)
    return Figure(
        label=_short(part.title, LONGEST_TITLE),
        value=_short(text.value, LONGEST_CELL),
        change=text.change,
        direction="up" if (part.change or 0) > 0 else "down" if (part.change or 0) < 0 else "",
        previous=_short(text.previous, LONGEST_CELL),
        mood=part.mood or "",
    )


def _short(text: str, longest: int) -> str:
    """`text` on one line, with an ellipsis for what is too much of it."""
    if len(text) > 4 * longest:  # a cell may hold a book
        text = text[: 4 * longest] + _ELLIPSIS
    text = _BLANKS.sub(" ", text).strip(" ")
    return text if len(text) <= longest else text[: longest - 1].rstrip() + _ELLIPSIS
