"""A fingerprint of rows: two answers have the same one if a reader would find the same values in the same places."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Answer, Column
from services.generator.columns.text import as_text


def digest(answers: Sequence[Answer]) -> str:
    """Of the queries' names, the columns' names and all rows in their order.

    Values count as they read, whatever their type, and NULL differs from an empty text. Neither the sizes of batches
    nor the sources' drivers make a difference. A query without ORDER BY may give its rows in another order: then they
    differ.
    """
    whole = hashlib.sha256()
    for answer in answers:
        columns = [_ColumnDigest(column) for column in answer.columns]
        for batch in answer.batches():
            for column, array in zip(columns, batch.columns, strict=True):
                column.add(array)
        for text in (answer.name, *(column.name for column in answer.columns)):
            whole.update(hashlib.sha256(text.encode()).digest())
        for column in columns:
            whole.update(column.digest())
    return whole.hexdigest()


class _ColumnDigest:
    """Two streams that do not depend on where batches end: the lengths of the values, and the values themselves."""

    def __init__(self, column: Column) -> None:
        self._kind = column.kind
        self._lengths = hashlib.sha256()
        self._values = hashlib.sha256()

    def add(self, array: pa.Array) -> None:
        text = as_text(array, self._kind).cast(pa.binary())
        lengths = pc.fill_null(pc.binary_length(text), -1).cast(pa.int64())
        self._lengths.update(memoryview(lengths.buffers()[1])[8 * lengths.offset :][: 8 * len(lengths)])
        # Joining leaves out what is NULL, and copies: a slice's buffer may hold more than the slice.
        self._values.update(pc.binary_join(_as_list(text), b"")[0].as_buffer())

    def digest(self) -> bytes:
        return self._lengths.digest() + self._values.digest()


def _as_list(text: pa.Array) -> pa.Array:
    present = text.drop_null()
    return pa.ListArray.from_arrays(pa.array([0, len(present)], pa.int32()), present)
