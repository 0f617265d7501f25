"""Parquet: columns with their exact types, a file per query."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pyarrow as pa

from services.generator.answers import Answer, Column
from services.generator.columns.kinds import arrow_type
from services.generator.render.per_query import draw_per_query, field_names
from services.generator.render.report import Drawing, Progress, Report

MEDIA_TYPE = "application/vnd.apache.parquet"

ROW_GROUP_ROWS = 100_000
ROW_GROUP_BYTES = 32 << 20
"""A row group is kept in memory until it is whole: it has at most so many rows, and about so many bytes."""

_DIGITS, _MOST_DIGITS = 38, 76
"""Of Arrow's decimals. Every reader of Parquet knows decimal128, and takes all its digits whatever the values are: the
file of tomorrow has the same columns."""


def draw_parquet(report: Report, folder: Path, progress: Progress) -> list[Drawing]:
    """One Parquet file per answer."""
    about = {"title": report.title, "source": report.source, "made_at": report.made_at.isoformat()}

    def write(answer: Answer, path: Path, heard: Progress) -> tuple[str, ...]:
        names, notes = field_names(answer.columns)
        types = [_type(column) for column in answer.columns]
        while (misfit := _write(answer, path, heard, _schema(names, types, about))) is not None:
            types[misfit] = pa.string()
        as_text = [
            f"{path.name}: the column '{name}' is text, because no decimal holds its values."
            for name, type_, column in zip(names, types, answer.columns, strict=True)
            if column.kind == "numeric" and type_ == pa.string()
        ]
        return (*notes, *as_text)

    return draw_per_query(report, folder, progress, ("parquet", MEDIA_TYPE), write)


def _type(column: Column) -> pa.DataType:
    if column.kind != "numeric":
        return arrow_type(column.kind)
    digits = column.whole + column.decimals
    if digits <= _DIGITS:
        return pa.decimal128(_DIGITS, column.decimals)
    return pa.decimal256(_MOST_DIGITS, column.decimals) if digits <= _MOST_DIGITS else pa.string()


def _schema(names: list[str], types: list[pa.DataType], about: dict[str, str]) -> pa.Schema:
    return pa.schema([pa.field(name, type_) for name, type_ in zip(names, types, strict=True)], metadata=about)


def _write(answer: Answer, path: Path, progress: Progress, schema: pa.Schema) -> int | None:
    """Write the file. The number of a column that its type cannot hold: NaN is no decimal, and only a look tells."""
    import pyarrow.parquet as pq  # a large library that only this format needs

    rows = 0
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for batches in _row_groups(answer):
            arrays = []
            for index, type_ in enumerate(schema.types):
                chunks = pa.chunked_array([batch.column(index) for batch in batches])
                with suppress(pa.ArrowInvalid):
                    arrays.append(chunks if chunks.type.equals(type_) else chunks.cast(type_))
                if len(arrays) == index:
                    return index
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=ROW_GROUP_ROWS)
            rows += sum(batch.num_rows for batch in batches)
            progress(rows)
    return None


def _row_groups(answer: Answer) -> Iterator[list[pa.RecordBatch]]:
    waiting: list[pa.RecordBatch] = []
    rows = bytes_ = 0
    for batch in answer.batches():
        if waiting and (rows + batch.num_rows > ROW_GROUP_ROWS or bytes_ > ROW_GROUP_BYTES):
            yield waiting
            waiting, rows, bytes_ = [], 0, 0
        waiting.append(batch)
        rows, bytes_ = rows + batch.num_rows, bytes_ + batch.nbytes
    if waiting:
        yield waiting
