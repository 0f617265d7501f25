"""The answer of a query, as it streams out of a source."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from services.generator.columns.convert import record_batch

BATCH_ROWS = 10_000
BATCH_BYTES = 16 << 20
"""A batch has at most this many rows and aims at no more than this many bytes, however wide a row is."""

FIRST_ROWS = 1_000
COUNT_SECONDS = 2.0
"""How long the rows beyond a limit are counted, so that a reader learns how many there are."""


@dataclass(frozen=True)
class Limits:
    """What a source allows: rows of each query that are read, and seconds that each query may run."""

    max_rows: int
    statement_timeout_seconds: int


@dataclass(frozen=True)
class Cut:
    """A limit kept rows back; `total` is None where counting them would have taken too long."""

    shown: int
    total: int | None

    def sentence(self, name: str) -> str:
        """The cut in words, for the reader of the file `name` or part of it."""
        if self.total is None:
            return f"{name}: the first {self.shown:,} rows are shown; there are more, and the limit is {self.shown:,}."
        return f"{name}: {self.shown:,} of {self.total:,} rows are shown; the limit is {self.shown:,}."


class Rows(Protocol):
    """A query's answer. Iterate once over its batches; then `cut` tells whether the limit kept rows back.

    A later batch may have a wider column than an earlier one (see `columns.kinds.wider`).
    """

    cut: Cut | None

    def __iter__(self) -> Iterator[pa.RecordBatch]: ...


class Limited:
    """Rows from a driver that hands out record batches; `batches` gives at least one, and ends the query if closed."""

    def __init__(
        self, batches: Generator[pa.RecordBatch, None, None], max_rows: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.cut: Cut | None = None
        self._batches = batches
        self._max_rows = max_rows
        self._clock = clock

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches up to the limit."""
        done = 0
        with closing(self._batches):  # whoever stops early leaves a session that can be asked again
            for batch in self._batches:
                room = self._max_rows - done
                if batch.num_rows > room:
                    yield batch.slice(0, room)
                    self.cut = self._count_rest(self._batches, batch.num_rows - room)
                    return
                done += batch.num_rows
                yield batch

    def _count_rest(self, rest: Iterator[pa.RecordBatch], more: int) -> Cut:
        until = self._clock() + COUNT_SECONDS
        for batch in rest:
            more += batch.num_rows
            if self._clock() > until:
                return Cut(self._max_rows, None)
        return Cut(self._max_rows, self._max_rows + more)


class Fetched:
    """Rows from a driver that hands out tuples, `fetch(count)` at a time."""

    def __init__(
        self,
        names: Sequence[str],
        fetch: Callable[[int], Sequence[Sequence[Any]]],
        max_rows: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.cut: Cut | None = None
        self._names = names
        self._fetch = fetch
        self._max_rows = max_rows
        self._clock = clock

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """The batches; at least one, so that an empty answer has its columns too."""
        done, wanted = 0, FIRST_ROWS
        while True:
            rows = self._fetch(min(wanted, self._max_rows - done))
            if rows or not done:
                batch = record_batch(self._names, rows, first_row=done + 1)
                done += len(rows)
                yield batch
            if not rows:
                return
            if done >= self._max_rows:
                self.cut = self._count_rest(done)
                return
            wanted = _fitting_rows(batch)

    def _count_rest(self, shown: int) -> Cut | None:
        until, more = self._clock() + COUNT_SECONDS, 0
        while rows := self._fetch(BATCH_ROWS if more else 1):
            more += len(rows)
            if self._clock() > until:
                return Cut(shown, None)
        return Cut(shown, shown + more) if more else None


def _fitting_rows(batch: pa.RecordBatch) -> int:
    bytes_per_row: int = max(1, batch.nbytes // max(1, batch.num_rows))
    return max(1, min(BATCH_ROWS, BATCH_BYTES // bytes_per_row))
