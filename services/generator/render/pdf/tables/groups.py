"""The groups of a table: a heading where one begins, subtotals where it ends."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa

from services.generator.parts import ShownColumn, TablePart, Totals
from services.generator.parts.writing import Writer
from services.generator.render.pdf.tables.body import Body
from services.generator.render.pdf.tables.measure import total_texts


class Groups:
    """The groups that are open, the outermost first. `bookmark` is told of each that begins: its level and title."""

    def __init__(self, part: TablePart, writer: Writer, body: Body, bookmark: Callable[[int, str], None]) -> None:
        self._part = part
        self._writer = writer
        self._body = body
        self._bookmark = bookmark
        self._titles: list[str] = []
        self._names: list[str] = []
        self._totals = [Totals(part.columns) for _ in part.groups] if part.totals is not None else []

    def begin(self, level: int, rows: pa.RecordBatch) -> None:
        """New groups from `level` on; their rows follow."""
        self.end(level)
        names = [self._name(rows, index) for index in self._part.groups]
        titles = [f"{label}: {name}" for label, name in zip(self._labels(), names, strict=True)]
        for depth in range(level, len(titles)):
            self._head(depth - 1, titles)
            self._body.need(len(titles) - depth + 1.5)
            self._head(depth, titles)
            self._bookmark(1 + depth, titles[depth])
            self._body.band(titles[depth], depth)
        self._titles, self._names = titles, names
        self._totals[level:] = [Totals(self._part.columns) for _ in self._totals[level:]]

    def add(self, rows: pa.RecordBatch) -> None:
        """Count these rows, which belong to all open groups."""
        for totals in self._totals:
            totals.add(rows)

    def end(self, level: int) -> None:
        """The subtotals of the open groups from `level` on, the innermost first."""
        for depth in reversed(range(level, len(self._totals) if self._titles else 0)):
            texts = total_texts(self._totals[depth].values(), self._part.columns, self._writer)
            self._body.totals(f"Total {self._names[depth]}", texts, depth, is_last=False)
            self._head(depth - 1, self._titles)

    def _head(self, depth: int, titles: list[str]) -> None:
        """What a page says at its top that begins now."""
        self._body.heading, self._body.depth = " › ".join(titles[: depth + 1]), max(depth, 0)

    def _labels(self) -> list[str]:
        return [self._column(index).label for index in self._part.groups]

    def _name(self, rows: pa.RecordBatch, index: int) -> str:
        return self._writer.column(rows.column(index).slice(0, 1), self._column(index))[0] or "–"

    def _column(self, index: int) -> ShownColumn:
        """How the values of a group's column are written, shown or not."""
        for shown in self._part.columns:
            if shown.index == index:
                return shown
        column = self._part.answer.columns[index]
        return ShownColumn(column, index, column.heading, None, "left", None, None, ())
