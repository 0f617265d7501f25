"""Keeps an answer while it streams in, and learns what its columns look like."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers.answer import Answer, Column
from services.generator.answers.extremes import extremes
from services.generator.columns.convert import misfit
from services.generator.columns.kinds import Kind, kind_of, wider
from services.generator.columns.text import as_text
from services.generator.sources.rows import Rows

IN_MEMORY_BYTES = 1 << 20
"""An answer of at most so many bytes is not written to disk."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def keep(name: str, rows: Rows, folder: Path, progress: Callable[[int], None]) -> Answer:
    """Read `rows` to their end; `progress` hears how many there are so far.

    A small answer stays in memory, because most reports are small and a file costs more than they do; a larger one
    goes into files under `folder`. A value that fits no column is a PermanentFailure that names the column and the
    row.
    """
    looks: list[_Look] = []
    done = 0
    with closing(_Shelf(folder)) as shelf:
        for batch in rows:
            looks = looks or [_Look(field.name) for field in batch.schema]
            for look, field, array in zip(looks, batch.schema, batch.columns, strict=True):
                look.at(kind_of(field), array, first_row=done + 1)
            shelf.add(batch)
            done += batch.num_rows
            progress(done)
    columns = tuple(look.column() for look in looks)
    return Answer(name, columns, done, rows.cut, tuple(shelf.files), tuple(shelf.held))


class _Shelf:
    """Where the batches wait: in memory while they are few, and from then on in files.

    Where a column turns out wider than before, a new file starts; what is already written is widened when it is read.
    """

    def __init__(self, folder: Path) -> None:
        self.files: list[Path] = []
        self.held: list[pa.RecordBatch] = []
        self._folder = folder
        self._bytes = 0
        self._writer: pa.RecordBatchWriter | None = None
        self._schema: pa.Schema | None = None

    def add(self, batch: pa.RecordBatch) -> None:
        """Keep the next batch."""
        self._bytes += batch.get_total_buffer_size()
        if self._bytes <= IN_MEMORY_BYTES:
            self.held.append(batch)
            return
        for earlier in self.held:
            self._write(earlier)
        self.held.clear()
        self._write(batch)

    def close(self) -> None:
        """Nothing more will come."""
        if self._writer is not None:
            self._writer.close()

    def _write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None or not batch.schema.equals(self._schema):
            self.close()
            self._schema = batch.schema
            self._folder.mkdir(exist_ok=True)
            self.files.append(self._folder / f"answer-{len(self.files)}.arrow")
            self._writer = pa.ipc.new_stream(str(self.files[-1]), self._schema, options=_OPTIONS)
        self._writer.write_batch(batch)


class _Look:
    """What has been seen of one column so far."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._kind: Kind = "empty"
        self._longest = ""
        self._whole = 0
        self._decimals = 0
        self._smallest: float | None = None
        self._has_fraction = False

    def at(self, kind: Kind, array: pa.Array, first_row: int) -> None:
        """Look at one batch of the column, which begins at row `first_row` (1 is the first)."""
        self._widen(kind, array, first_row)
        if array.null_count == len(array):
            return
        text = as_text(extremes(array, kind), kind)
        self._measure(text)
        if kind in ("integer", "number", "numeric"):
            self._measure_numbers(text)
        if kind in ("timestamp", "instant", "time"):
            self._has_fraction = self._has_fraction or pc.any(pc.match_substring(text, ".")).as_py()

    def column(self) -> Column:
        """The column as the renderers need to know it."""
        return Column(
            self._name, self._kind, self._longest, self._whole, self._decimals, self._smallest, self._has_fraction
        )

    def _widen(self, kind: Kind, array: pa.Array, first_row: int) -> None:
        joined = wider(self._kind, kind)
        if joined is None:
            offset = next(index for index, value in enumerate(array) if value.is_valid)
            raise misfit(self._name, first_row + offset, array[offset].as_py(), kind, self._kind)
        self._kind = joined

    def _measure(self, text: pa.StringArray) -> None:
        lengths = pc.utf8_length(text)
        most = pc.max(lengths)
        if most.as_py() > len(self._longest):
            self._longest = text[pc.index(lengths, most).as_py()].as_py()

    def _measure_numbers(self, text: pa.StringArray) -> None:
        lengths, point = pc.utf8_length(text), pc.find_substring(text, ".")
        has_point = pc.greater_equal(point, 0)
        digits = pc.subtract(pc.subtract(lengths, point), 1)
        self._whole = max(self._whole, pc.max(pc.if_else(has_point, point, lengths)).as_py())
        self._decimals = max(self._decimals, pc.max(pc.if_else(has_point, digits, 0)).as_py())
        sizes = pc.abs(text.cast(pa.float64()))
        least = pc.min(pc.if_else(pc.greater(sizes, 0), sizes, None)).as_py()
        if least is not None:
            self._smallest = least if self._smallest is None else min(self._smallest, least)
