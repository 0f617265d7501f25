"""Finds the value with the longest text without writing all of them as text, which takes longer than reading them."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.columns.kinds import Kind

_MICROSECONDS = 1_000_000


def extremes(array: pa.Array, kind: Kind) -> pa.Array:
    """A few values of `array`, not all NULL, one of which has the longest text of them all.

    A moment with parts of a second is among them if there is any.
    """
    if kind in ("integer", "boolean"):
        ends = pc.min_max(array)
        return pa.array([ends["min"].as_py(), ends["max"].as_py()], array.type)
    if kind == "date":
        return _one(array, pc.index(pc.is_valid(array), True).as_py())
    if kind in ("time", "timestamp", "instant"):
        return _one(array, _finest(array))
    if kind == "binary":
        lengths = pc.binary_length(array)
        return _one(array, pc.index(lengths, pc.max(lengths)).as_py())
    return array


def _finest(array: pa.Array) -> int:
    """The first value with parts of a second, or else the first one."""
    numbers = array.cast(pa.int64())
    whole = pc.multiply(pc.divide(numbers, _MICROSECONDS), _MICROSECONDS)
    found: int = pc.index(pc.not_equal(numbers, whole), True).as_py()
    return found if found >= 0 else int(pc.index(pc.is_valid(array), True).as_py())


def _one(array: pa.Array, index: int) -> pa.Array:
    return array.slice(index, 1)
