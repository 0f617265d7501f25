"""Keeps an answer on disk while it streams in, and learns what its columns look like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers.answer import Answer, Column
from services.generator.answers.extremes import extremes
from services.generator.columns.convert import misfit
from services.generator.columns.kinds import Kind, kind_of, wider
from services.generator.columns.text import as_text
from services.generator.sources.rows import Rows

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")


def keep(name: str, rows: Rows, folder: Path, progress: Callable[[int], None]) -> Answer:
    """Read `rows` to their end into files under `folder`; `progress` hears how many there are so far.

    Where a column turns out wider than before, a new file starts; what is already written is widened when it
    is read. A value that fits no column is a PermanentFailure that names the column and the row.
    """
    files: list[Path] = []
    looks: list[_Look] = []
    done = 0
    writer: pa.RecordBatchWriter | None = None
    schema: pa.Schema | None = None
    try:
        for batch in rows:
            looks = looks or [_Look(field.name) for field in batch.schema]
            for look, field, array in zip(looks, batch.schema, batch.columns, strict=True):
                look.at(kind_of(field), array, first_row=done + 1)
            if writer is None or not batch.schema.equals(schema):
                if writer is not None:
                    writer.close()
                schema = batch.schema
                files.append(folder / f"answer-{len(files)}.arrow")
                writer = pa.ipc.new_stream(str(files[-1]), schema, options=_OPTIONS)
            writer.write_batch(batch)
            done += batch.num_rows
            progress(done)
    finally:
        if writer is not None:
            writer.close()
    return Answer(name, tuple(look.column() for look in looks), done, rows.cut, tuple(files))


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
