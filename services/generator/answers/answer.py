"""One query's answer as the renderers see it: columns that know their looks, and batches to read again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from libs.common.errors import PermanentFailure
from services.generator.columns.kinds import Kind, field_of, kind_of, spoken
from services.generator.columns.text import as_text
from services.generator.sources.rows import Cut


@dataclass(frozen=True)
class Column:
    """A column of the whole answer. `longest` is its longest value as text; `whole` and `decimals` are the most
    characters before the point and digits after it; `smallest` is the least size of a number that is not 0;
    `has_fraction` tells of parts of a second."""

    name: str
    kind: Kind
    longest: str = ""
    whole: int = 0
    decimals: int = 0
    smallest: float | None = None
    has_fraction: bool = False

    @property
    def heading(self) -> str:
        """The name that a reader sees; it states the zone of instants."""
        return f"{self.name} (UTC)" if self.kind == "instant" else self.name


@dataclass(frozen=True)
class Answer:
    """The rows of the query `name`: those of a small answer in memory, others on disk. `cut` tells of a limit that
    kept some back."""

    name: str
    columns: tuple[Column, ...]
    rows: int
    cut: Cut | None
    files: tuple[Path, ...] = ()
    held: tuple[pa.RecordBatch, ...] = ()

    def batches(self) -> Iterator[pa.RecordBatch]:
        """The rows from the first to the last, all batches with the columns' final types."""
        schema = pa.schema([field_of(column.name, column.kind) for column in self.columns])
        for batch in self.held:
            yield _widened(batch, self.columns, schema)
        for file in self.files:
            with pa.OSFile(str(file)) as source, pa.ipc.open_stream(source) as reader:
                for batch in reader:
                    yield _widened(batch, self.columns, schema)


def _widened(batch: pa.RecordBatch, columns: tuple[Column, ...], schema: pa.Schema) -> pa.RecordBatch:
    if batch.schema.equals(schema):
        return batch
    arrays = [
        _cast(batch.column(index), kind_of(batch.schema.field(index)), column, schema.field(index).type)
        for index, column in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(array: pa.Array, kind: Kind, column: Column, type_: pa.DataType) -> pa.Array:
    if column.kind == "numeric":
        return as_text(array, kind) if kind == "number" else array.cast(pa.string())
    if column.kind == "text":
        return as_text(array, kind)
    try:
        return array.cast(type_)
    except pa.ArrowInvalid as error:  # a whole number beyond 2⁵³ among fractions
        raise PermanentFailure(
            f"The column '{column.name}' mixes {spoken(kind)} with {spoken(column.kind)}, and they do not fit one "
            "type without rounding; convert it in the SQL with CAST."
        ) from error
