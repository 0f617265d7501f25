"""Sorts an answer on disk, in memory that does not grow with its rows.

DuckDB sorts: it spills to the folder of the job. Only numbers, texts and truth go in (moments as the integers that
Arrow keeps for them), so what comes out is what went in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pyarrow as pa

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.look import Sort
from services.generator.answers import Answer, Column
from services.generator.columns.kinds import Kind, field_of
from services.generator.parts.groups import runs
from services.generator.parts.unfit import place_of

MEMORY_MEGABYTES = (96, 384)
"""What the sorting itself may use, beyond which it works on disk. Only rows of many kilobytes need the second try."""

_BATCH_ROWS = 10_000
_BATCH_BYTES = 16 << 20
_MOST_REMEMBERED = 100_000
"""Groups that are remembered while looking whether they lie together already."""

_OPTIONS = pa.ipc.IpcWriteOptions(compression="lz4")
_FERRY: dict[Kind, pa.DataType] = {
    "date": pa.int32(),
    "time": pa.int64(),
    "timestamp": pa.int64(),
    "instant": pa.int64(),
    "empty": pa.bool_(),
}
"""What goes through DuckDB in place of a type, bit by bit the same."""


def ordered(answer: Answer, sort: Sequence[Sort], groups: Sequence[int], folder: Path) -> Answer:
    """The answer with the rows of each group together, and sorted within: a copy in a new file under `folder`.

    Groups come as `sort` says where it names their column, and else as the query gave the first row of each. Rows
    that are equal keep the order of the query; NULL comes last. Where nothing is to be done the answer is as it was.
    Raises Unfit for a column that is not there.
    """
    keys = [(place_of(answer, one.column), one.descending) for one in sort]
    if answer.rows < 2 or (not keys and (not groups or _lie_together(answer, groups))):
        return answer
    file = folder / f"ordered-{len(list(folder.glob('ordered-*')))}.arrow"
    _sort(answer, _clauses(answer.columns, keys, groups), file)
    return replace(answer, files=(file,), held=())


def _lie_together(answer: Answer, groups: Sequence[int]) -> bool:
    """Whether the rows of each group follow one another already."""
    seen: set[tuple[object, ...]] = set()
    for level, slice_ in runs(answer.batches(), groups):
        if level is None:
            continue
        values = tuple(str(slice_.column(index)[0].as_py()) for index in groups)
        begun = {values[: depth + 1] for depth in range(level, len(values))}
        if seen & begun or len(seen) > _MOST_REMEMBERED:
            return False
        seen |= begun
    return True


def _clauses(columns: Sequence[Column], keys: Sequence[tuple[int, bool]], groups: Sequence[int]) -> tuple[str, str]:
    """The extra columns that are needed, and what to order by."""
    directions, extra, order = dict(keys), [], []
    for depth, index in enumerate(groups):
        if index in directions:
            order += _by(index, columns[index], directions[index])
        else:
            outer = ", ".join(f"c{one}" for one in groups[: depth + 1])
            extra.append(f", min(n) OVER (PARTITION BY {outer}) AS first{depth}")
            order.append(f"first{depth}")
    for index, descending in keys:
        if index not in groups:
            order += _by(index, columns[index], descending)
    return "".join(extra), ", ".join([*order, "n"])


def _by(index: int, column: Column, descending: bool) -> list[str]:
    """What to order by for one column: people look for ‘Österreich’ near ‘Ost’, and a computer for one order."""
    name, end = f"c{index}", " DESC NULLS LAST" if descending else " ASC NULLS LAST"
    if column.kind == "text":
        return [f"{name} COLLATE NOCASE.NOACCENT{end}", f"{name}{end}"]
    if column.kind == "numeric":
        return [f"{key}{end}" for key in _exact_keys(name, column)]
    return [name + end]


def _exact_keys(name: str, column: Column) -> list[str]:
    """Decimals of any size travel as text. Padded to one length their digits sort as numbers do; those of negative
    numbers, turned round, too."""
    negative = f"starts_with({name}, '-')"
    rank = f"CASE {name} WHEN '-Infinity' THEN 0 WHEN 'Infinity' THEN 3 WHEN 'NaN' THEN 4 ELSE 2 - {negative}::INT END"
    whole = f"lpad(split_part(ltrim({name}, '-'), '.', 1), {max(column.whole, 1)}, '0')"
    digits = f"{whole} || '.' || rpad(split_part({name}, '.', 2), {max(column.decimals, 1)}, '0')"
    turned = f"translate({digits}, '0123456789', '9876543210')"
    return [rank, f"CASE WHEN {negative} THEN {turned} ELSE {digits} END"]


def _sort(answer: Answer, clauses: tuple[str, str], file: Path) -> None:
    import duckdb  # its import takes a tenth of a second, and few reports need it

    for megabytes in MEMORY_MEGABYTES:
        try:
            _sort_within(megabytes, answer, clauses, file)
        except duckdb.OutOfMemoryException:
            continue
        except duckdb.IOException as error:
            reason = f"The rows of '{answer.name}' could not be sorted on the generator's disk for now."
            raise TransientFailure(reason) from error
        return
    raise PermanentFailure(f"The rows of '{answer.name}' are too long to be sorted; let the SQL sort them.")


def _sort_within(megabytes: int, answer: Answer, clauses: tuple[str, str], file: Path) -> None:
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": f"{megabytes}MB",
        "temp_directory": str(file.with_suffix(".spill")),
        "threads": 1,  # each more needs memory of its own
        "preserve_insertion_order": False,  # the number of a row keeps it
        "autoinstall_known_extensions": False,
    }
    extra, order = clauses
    names = ", ".join(f"c{index}" for index in range(len(answer.columns)))
    sql = f"SELECT {names} FROM (SELECT *{extra} FROM rows) ORDER BY {order}"  # noqa: S608 - no name comes from outside
    with duckdb.connect(":memory:", config=config) as connection:
        connection.register("rows", _numbered(answer))
        _write(connection.sql(sql).to_arrow_reader(_fitting_rows(answer)), answer, file)


def _fitting_rows(answer: Answer) -> int:
    """How many rows make a batch of a fitting size, judged by the first ones."""
    first = next(batch for batch in answer.batches() if batch.num_rows)
    bytes_per_row: int = max(1, first.nbytes // first.num_rows)
    return max(1, min(_BATCH_ROWS, _BATCH_BYTES // bytes_per_row))


def _numbered(answer: Answer) -> pa.RecordBatchReader:
    fields = [pa.field(f"c{index}", _ferry(column)) for index, column in enumerate(answer.columns)]
    schema = pa.schema([*fields, pa.field("n", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        done = 0
        for batch in answer.batches():
            arrays = [_cast(array, field.type) for array, field in zip(batch.columns, fields, strict=True)]
            numbers = pa.array(range(done, done + batch.num_rows), pa.int64())
            done += batch.num_rows
            yield pa.RecordBatch.from_arrays([*arrays, numbers], schema=schema)

    return pa.RecordBatchReader.from_batches(schema, batches())


def _ferry(column: Column) -> pa.DataType:
    return _FERRY.get(column.kind) or field_of(column.name, column.kind).type


def _cast(array: pa.Array, type_: pa.DataType) -> pa.Array:
    return array if array.type.equals(type_) else array.cast(type_)


def _write(rows: pa.RecordBatchReader, answer: Answer, file: Path) -> None:
    schema = pa.schema([field_of(column.name, column.kind) for column in answer.columns])
    with pa.ipc.new_stream(str(file), schema, options=_OPTIONS) as writer:
        for batch in rows:
            arrays = [
                pa.nulls(batch.num_rows) if pa.types.is_null(field.type) else _cast(array, field.type)
                for array, field in zip(batch.columns, schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(arrays, schema=schema))
