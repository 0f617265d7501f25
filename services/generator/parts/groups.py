"""Where one group of rows ends and the next begins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.columns.kinds import kind_of
from services.generator.columns.text import as_text


def runs(batches: Iterable[pa.RecordBatch], groups: Sequence[int]) -> Iterator[tuple[int | None, pa.RecordBatch]]:
    """The rows in slices that lie within one group each, with the level at which the slice begins a new group.

    Level 0 is the outermost of `groups`; a new group on one level is one on all levels below. None: the slice goes
    on with the group before it, which reached over the end of a batch. Without groups the batches come as they are.
    """
    before: tuple[str | None, ...] | None = None
    for batch in batches:
        if batch.num_rows == 0:
            continue
        keys = [_keys(batch, index) for index in groups]
        for level, start, stop in _cuts(keys, batch.num_rows, before):
            yield level, batch.slice(start, stop - start)
        before = tuple(key[-1].as_py() for key in keys)


def _keys(batch: pa.RecordBatch, index: int) -> pa.StringArray:
    return as_text(batch.column(index), kind_of(batch.schema.field(index)))


def _cuts(
    keys: Sequence[pa.StringArray], rows: int, before: tuple[str | None, ...] | None
) -> Iterator[tuple[int | None, int, int]]:
    levels: dict[int, int] = {}
    for level in reversed(range(len(keys))):  # an outer level overwrites an inner one
        levels |= dict.fromkeys(_changes(keys[level]), level)
    starts = [0, *sorted(levels), rows]
    first = _level_at_start(keys, before)
    for start, stop in pairwise(starts):
        yield (first if start == 0 else levels[start]), start, stop


def _level_at_start(keys: Sequence[pa.StringArray], before: tuple[str | None, ...] | None) -> int | None:
    if not keys:
        return None
    if before is None:
        return 0
    return next((level for level, key in enumerate(keys) if key[0].as_py() != before[level]), None)


def _changes(key: pa.StringArray) -> list[int]:
    """The rows, but for the first, whose value differs from that of the row before; NULL equals NULL."""
    now, last = key[1:], key[:-1]
    differs = pc.fill_null(pc.not_equal(now, last), pc.xor(pc.is_null(now), pc.is_null(last)))
    found: list[int] = pc.add(pc.indices_nonzero(differs), 1).to_pylist()
    return found
