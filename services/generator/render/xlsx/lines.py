"""The lines of a table in the order of its sheets: rows, and for groups headings above and subtotals below them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

import pyarrow as pa

from services.generator.columns.text import as_text
from services.generator.parts import TablePart
from services.generator.parts.groups import runs
from services.generator.render.report import Progress
from services.generator.render.xlsx.line import heading_line, total_line
from services.generator.render.xlsx.oddities import Oddities
from services.generator.render.xlsx.rows import Pattern, row_elements, run_of_bytes
from services.generator.render.xlsx.subtotals import Subtotals

_MOST_ROWS = 4_096
_MOST_BYTES = 4_000_000
"""What is turned into XML at a time, which may be ten times as large."""

Cut = tuple[int | None, int]
"""The level of the group that begins, and the row of the batch at which it does."""


class Lines:
    """Gives the rows' XML to one sheet after the other; each takes `capacity` lines, from its row `first_row` on.

    The patterns are: of the rows, of a heading on each level, of a subtotal on each level, of the line of totals.
    """

    def __init__(self, part: TablePart, first_row: int, capacity: int, oddities: Oddities, progress: Progress) -> None:
        self._part = part
        self._first_row = first_row
        self._capacity = capacity
        self._oddities = oddities
        self._progress = progress
        self._patterns: tuple[Pattern, ...] = ()
        self._chunks = self._all()
        self._place = 0
        self._headings: list[str] = [""] * len(part.groups)
        self._keys: list[list[str]] = []

    def count(self) -> int:
        """The lines of all sheets. With groups the rows are read for it."""
        part = self._part
        ends = 1 if part.totals is not None and part.answer.rows else 0
        if not part.groups:
            return part.answer.rows + ends
        keys = (batch.select(list(part.groups)) for batch in part.batches())
        levels = range(len(part.groups))
        per_group = 2 if part.totals is not None else 1
        lines = ends
        for level, piece in runs(keys, levels):
            lines += piece.num_rows + (0 if level is None else per_group * (len(levels) - level))
        return lines

    def of_next_sheet(self, patterns: tuple[Pattern, ...]) -> Iterator[pa.Buffer | bytes]:
        """The lines that the next sheet takes."""
        self._patterns = patterns
        room = self._capacity
        while room:
            lines, data = next(self._chunks, (0, b""))
            if not lines:
                return
            yield data
            room -= lines

    def _all(self) -> Iterator[tuple[int, pa.Buffer | bytes]]:
        """The lines in runs that lie within one sheet each, with their number."""
        part, done = self._part, 0
        subtotals = Subtotals(part.columns, len(part.groups)) if part.groups and part.totals is not None else None
        for batch, cuts in self._pieces():
            elements = row_elements(batch, part.columns, self._numbers(batch, cuts), self._patterns[0], self._oddities)
            self._read_keys(batch)
            stops = [start for _, start in cuts[1:]] + [batch.num_rows]
            for (level, start), stop in zip(cuts, stops, strict=True):
                if level is not None:
                    yield from self._between(level, start, subtotals)
                if subtotals is not None:
                    subtotals.add(batch.slice(start, stop - start))
                yield from self._rows(elements, start, stop)
            done += batch.num_rows
            self._progress(done)
        if subtotals is not None and done:
            yield from self._closing(0, subtotals)
        if part.totals is not None and done:
            yield 1, total_line(self._next_row(), self._patterns[-1], part.columns, part.totals, "Total")

    def _pieces(self) -> Iterator[tuple[pa.RecordBatch, list[Cut]]]:
        """Batches of a size that is good to work on, with the places where groups begin."""
        if not self._part.groups:
            for whole in _slices(self._part):
                yield whole, [(None, 0)]
            return
        latest: list[pa.RecordBatch] = []

        def heard() -> Iterator[pa.RecordBatch]:
            for batch in _slices(self._part):
                latest[:] = [batch]
                yield batch

        batch: pa.RecordBatch | None = None
        cuts: list[Cut] = []
        place = 0
        for level, piece in runs(heard(), self._part.groups):
            if batch is not latest[0]:
                if batch is not None:
                    yield batch, cuts
                batch, cuts, place = latest[0], [], 0
            cuts.append((level, place))
            place += piece.num_rows
        if batch is not None:
            yield batch, cuts

    def _numbers(self, batch: pa.RecordBatch, cuts: Sequence[Cut]) -> pa.Array:
        """Where each row of the batch will stand in its sheet."""
        place, numbers, part = self._place, [], self._part
        stops = [start for _, start in cuts[1:]] + [batch.num_rows]
        for (level, start), stop in zip(cuts, stops, strict=True):
            if level is not None:
                opened = len(part.groups) - level
                place += opened if part.totals is None or not place else 2 * opened
            numbers += [self._first_row + place % self._capacity for place in range(place, place + stop - start)]
            place += stop - start
        return pa.array(numbers, pa.int32())

    def _rows(self, elements: pa.StringArray, start: int, stop: int) -> Iterator[tuple[int, pa.Buffer]]:
        while start < stop:
            count = min(stop - start, self._capacity - self._place % self._capacity)
            self._place += count
            yield count, run_of_bytes(elements.slice(start, count))
            start += count

    def _between(self, level: int, row: int, subtotals: Subtotals | None) -> Iterator[tuple[int, bytes]]:
        """The subtotals of the groups that end before `row`, and the headings of those that begin with it."""
        if subtotals is not None and self._place:
            yield from self._closing(level, subtotals)
        for index in range(level, len(self._part.groups)):
            self._headings[index] = self._keys[index][row]
            text = f"{self._label(index)}: {self._headings[index]}"
            yield 1, heading_line(self._next_row(), self._patterns[1 + index], text)

    def _closing(self, level: int, subtotals: Subtotals) -> Iterator[tuple[int, bytes]]:
        levels = len(self._part.groups)
        for index in reversed(range(level, levels)):
            values: Sequence[Decimal | None] = subtotals.take(index)
            pattern = self._patterns[1 + levels + index]
            text = f"Total {self._headings[index]}"
            yield 1, total_line(self._next_row(), pattern, self._part.columns, values, text)

    def _next_row(self) -> int:
        self._place += 1
        return self._first_row + (self._place - 1) % self._capacity

    def _label(self, level: int) -> str:
        index = self._part.groups[level]
        labels = (shown.label for shown in self._part.columns if shown.index == index)
        return next(labels, self._part.answer.columns[index].heading)

    def _read_keys(self, batch: pa.RecordBatch) -> None:
        """The values that groups of this batch are called by."""
        part = self._part
        texts = [
            as_text(batch.column(index), part.answer.columns[index].kind, with_zone=False) for index in part.groups
        ]
        self._keys = [["–" if value is None else value for value in text.to_pylist()] for text in texts]


def _slices(part: TablePart) -> Iterator[pa.RecordBatch]:
    for batch in part.batches():
        parts = max(1, -(-batch.nbytes // _MOST_BYTES))
        rows = min(_MOST_ROWS, max(1, batch.num_rows // parts))
        for start in range(0, batch.num_rows, rows):
            yield batch.slice(start, rows)
