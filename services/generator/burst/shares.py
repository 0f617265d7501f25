"""Cuts the answer of a query, which was asked once for all recipients, into the share of each key.

The rows are sorted on disk by their key, in memory that does not grow with them. What is kept is one file for each
query, in which every share is a stream of its own, with the columns and their types: to read one means to read these
bytes of the file and no others, so that nobody can come by the rows of somebody else.
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from libs.common.errors import PermanentFailure
from libs.common.look import Sort
from services.generator.answers import Answer, Column
from services.generator.burst.keys import digest, key_texts
from services.generator.columns.kinds import Kind, field_of
from services.generator.parts.ordered import ordered

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_DIGEST_CHARACTERS = 64

Span = tuple[int, int]
"""From which byte of a file on, and how many."""


class Index:
    """Where the shares are, on disk: there may be as many as recipients."""

    def __init__(self, path: Path, queries: int) -> None:
        self._connection = sqlite3.connect(path)
        self._connection.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE shares (digest TEXT, query INTEGER, start INTEGER, length INTEGER,"
            " PRIMARY KEY (digest, query)) WITHOUT ROWID"
        )
        self._nothing: list[Span] = [(0, 0)] * queries

    def add(self, query: int, shares: Iterable[tuple[str, Span]], nothing: Span) -> None:
        """The shares of a query, by digest; `nothing` is that of those who have no rows."""
        self._nothing[query] = nothing
        rows = ((found, query, *span) for found, span in shares)
        self._connection.executemany("INSERT INTO shares VALUES (?, ?, ?, ?)", rows)

    def of(self, key: str) -> tuple[tuple[Span, ...], bool]:
        """The share of a key in each query, and whether there are any rows in them."""
        found = self._connection.execute("SELECT query, start, length FROM shares WHERE digest = ?", (digest(key),))
        spans = list(self._nothing)
        has_rows = False
        for query, start, length in found:
            spans[query], has_rows = (start, length), True
        return tuple(spans), has_rows

    def close(self) -> None:
        """Nobody asks any more."""
        self._connection.close()


def cut(answer: Answer, column: str, query: int, index: Index, folder: Path) -> Path:
    """A file under `folder` with the shares of the answer to the query of this number; `index` knows where they are.

    A PermanentFailure if a limit kept rows back, because they might be somebody's, or if the column is not there.
    """
    if answer.cut is not None:
        raise PermanentFailure(
            f"{answer.cut.sentence(answer.name)} The rows of some recipients would be missing; raise the limit of "
            "rows, or let the query read less."
        )
    place = next((number for number, one in enumerate(answer.columns) if one.name == column), None)
    if place is None:
        given = ", ".join(f"'{one.name}'" for one in answer.columns[:20])
        raise PermanentFailure(
            f"The rows are shared out by '{column}', which the query '{answer.name}' does not give; it gives {given}."
        )
    path = folder / f"share-{query}.arrow"
    schema = pa.schema([field_of(one.name, one.kind) for one in answer.columns])
    with path.open("wb") as file:
        nothing = _write(file, schema, ())
        index.add(query, _shares(file, schema, _by_key(answer, place, folder)), nothing)
    return path


def _shares(
    file: io.BufferedWriter, schema: pa.Schema, runs: Iterator[tuple[str, pa.RecordBatch]]
) -> Iterator[tuple[str, Span]]:
    """Write each share as it comes; several runs of one digest follow each other."""
    writer: pa.RecordBatchWriter | None = None
    start, present = file.tell(), ""
    for found, batch in runs:
        if writer is None or found != present:
            if writer is not None:
                writer.close()
                yield present, (start, file.tell() - start)
            start, present = file.tell(), found
            writer = pa.ipc.new_stream(file, schema, options=_OPTIONS)
        writer.write_batch(batch)
    if writer is not None:
        writer.close()
        yield present, (start, file.tell() - start)


def _write(file: io.BufferedWriter, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Span:
    start = file.tell()
    with pa.ipc.new_stream(file, schema, options=_OPTIONS) as writer:
        for batch in batches:
            writer.write_batch(batch)
    return start, file.tell() - start


def _by_key(answer: Answer, place: int, folder: Path) -> Iterator[tuple[str, pa.RecordBatch]]:
    """The rows that have a key, those of each key together and in the order of the query: its digest, and rows."""
    keyed = _keyed(answer, place, folder)
    columns = len(answer.columns)
    sorted_ = ordered(keyed, [Sort(column=keyed.columns[-1].name)], (), folder)
    for batch in sorted_.batches():
        ends = pc.run_end_encode(batch.column(columns))
        bare = batch.select(range(columns))
        start = 0
        for end, found in zip(ends.run_ends.to_pylist(), ends.values.to_pylist(), strict=True):
            yield found, bare.slice(start, end - start)
            start = end


def _keyed(answer: Answer, place: int, folder: Path) -> Answer:
    """The answer without the rows whose key is NULL, and with the digest of the key as its last column."""
    name = "digest"
    while any(one.name == name for one in answer.columns):
        name += "_"
    fields = [field_of(one.name, one.kind) for one in answer.columns]
    path = folder / f"keyed-{len(list(folder.glob('keyed-*')))}.arrow"
    rows = 0
    with pa.ipc.new_stream(str(path), pa.schema([*fields, field_of(name, "text")]), options=_OPTIONS) as writer:
        for batch in answer.batches():
            whole = _with_digests(batch, place, answer.columns[place].kind, name)
            rows += whole.num_rows
            writer.write_batch(whole)
    column = Column(name, "text", longest="0" * _DIGEST_CHARACTERS)
    return replace(answer, columns=(*answer.columns, column), rows=rows, files=(path,), held=())


def _with_digests(batch: pa.RecordBatch, place: int, kind: Kind, name: str) -> pa.RecordBatch:
    keys = key_texts(batch.column(place), kind).dictionary_encode()
    digests = pa.array([digest(one) for one in keys.dictionary.to_pylist()], pa.string())
    column = digests.take(keys.indices)
    whole = pa.RecordBatch.from_arrays(
        [*batch.columns, column], schema=pa.schema([*batch.schema, field_of(name, "text")])
    )
    return whole.filter(pc.is_valid(column))
