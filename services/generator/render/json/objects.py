"""Rows as JSON objects, whole columns at a time.

A number has all its digits, whatever its reader can keep; NaN and the infinities, which JSON does not have, are text
as PostgreSQL's `to_json` writes them. Dates and moments are ISO 8601, bytes are hexadecimal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from services.generator.columns.kinds import RIGHT_ALIGNED, Kind
from services.generator.columns.text import as_text
from services.generator.render.bytes_of import bytes_of

_NEEDS_ESCAPE = re.compile(rb'["\\\x00-\x1f\x7f]')
_NAMED = r"^(NaN|-?Infinity)$"


def objects(batch: pa.RecordBatch, names: Sequence[str], kinds: Sequence[Kind]) -> pa.StringArray:
    """One object for each row, with the columns' `names` as keys."""
    pieces: list[str | pa.Array] = []
    before = "{"
    for array, name, kind in zip(batch.columns, names, kinds, strict=True):
        pieces += [f"{before}{encoded(name)}:", pc.fill_null(_values(array, kind), "null")]
        before = ","
    return pc.binary_join_element_wise(*pieces, "}", "")


def encoded(value: object) -> str:
    """`value` as JSON."""
    return msgspec.json.encode(value).decode()


def _values(array: pa.Array, kind: Kind) -> pa.StringArray:
    text = as_text(array, kind)
    if kind in RIGHT_ALIGNED:
        return _numbers(text)
    if kind in ("boolean", "empty"):
        return text
    if kind in ("timestamp", "instant"):
        text = pc.replace_substring(text, " ", "T", max_replacements=1)
    return _strings(text) if kind == "text" else pc.binary_join_element_wise('"', text, '"', "")


def _numbers(text: pa.StringArray) -> pa.StringArray:
    named = pc.match_substring_regex(text, _NAMED)
    if not pc.any(named).as_py():
        return text
    return pc.if_else(named, pc.binary_join_element_wise('"', text, '"', ""), text)


def _strings(text: pa.StringArray) -> pa.StringArray:
    """Each text in quotes. Few columns hold anything that must be escaped, and a look at their bytes tells."""
    if not _NEEDS_ESCAPE.search(bytes_of(text)):
        return pc.binary_join_element_wise('"', text, '"', "")
    return pa.array([None if value is None else encoded(value) for value in text.to_pylist()], pa.string())
