"""What PostgreSQL says of a query's columns, and how its text becomes Arrow: see columns/kinds.py for the rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as csv
from psycopg.pq.abc import PGresult

from services.generator.columns.kinds import Kind, arrow_type, field_of

COMPOSITE_ROW = "SELECT ROW({values})::text FROM (\n"

_BOOL, _BYTEA, _MONEY = 16, 17, 790
_KINDS: dict[int, Kind] = {
    _BOOL: "boolean",
    _BYTEA: "binary",
    20: "integer",
    21: "integer",
    23: "integer",
    26: "integer",
    700: "number",
    701: "number",
    _MONEY: "numeric",
    1700: "numeric",
    1082: "date",
    1083: "time",
    1114: "timestamp",
    1184: "instant",
}
"""By the type's OID, which never changes for these; everything else is text."""

_PLAIN_TEXT = {18, 19, 25, 114, 142, 705, 1042, 1043, 1186, 1266, 2278, 2950, 3802}
"""char, name, text, json, xml, unknown, bpchar, varchar, interval, timetz, void, uuid, jsonb."""

_JSON = "to_json({})::text"
_AS: dict[Kind, str] = {"instant": "({} AT TIME ZONE 'UTC')"}

_ASK_TYPES = "SELECT oid FROM pg_catalog.pg_type WHERE oid = ANY($1::oid[]) AND (typcategory = 'A' OR typtype = 'c')"

_OPTIONS = csv.ParseOptions(double_quote=True, newlines_in_values=True, ignore_empty_lines=False)


@dataclass(frozen=True)
class ServerColumn:
    """A column as the server describes it; `value` is the SQL that writes it exactly."""

    name: str
    kind: Kind
    value: str


@dataclass(frozen=True)
class Shape:
    """The columns of a query. Inside they are called c0, c1, …, so that two may share a name."""

    columns: tuple[ServerColumn, ...]

    @property
    def aliases(self) -> str:
        """The inner names."""
        return ", ".join(f"c{index}" for index in range(len(self.columns)))

    @property
    def values(self) -> str:
        """What stands in the composite value: every column, and a constant: a single NULL would be nothing."""
        return ", ".join([*(column.value for column in self.columns), "1"])


def shape_of(described: PGresult, connection: psycopg.Connection[Any]) -> Shape:
    """The columns of a described statement."""
    types = [described.ftype(index) for index in range(described.nfields)]
    nested = _nested({oid for oid in types if oid not in _KINDS and oid not in _PLAIN_TEXT}, connection)
    columns = []
    for index, oid in enumerate(types):
        kind = _KINDS.get(oid, "text")
        name = (described.fname(index) or b"").decode("utf-8", "replace")
        pattern = _JSON if oid in nested else "q.{}::numeric" if oid == _MONEY else _AS.get(kind, "{}")
        inner = f"c{index}"
        columns.append(ServerColumn(name, kind, pattern.format(f"q.{inner}" if "q." not in pattern else inner)))
    return Shape(tuple(columns))


def read_rows(shape: Shape, rows: Sequence[bytes]) -> pa.RecordBatch:
    """The batch that holds `rows`, each the text of a composite value.

    A moment that Python and the file formats cannot hold (infinity, before the year 1, after 9999) makes its column
    text in this batch.
    """
    if not rows:
        fields = [field_of(column.name, column.kind) for column in shape.columns]
        return pa.RecordBatch.from_arrays([pa.array([], field.type) for field in fields], schema=pa.schema(fields))
    # In a composite value a backslash is always doubled; what else it quotes is what CSV quotes.
    text = b"\n".join([row[1:-1] for row in rows]).replace(b"\\\\", b"\\")
    kinds = [column.kind for column in shape.columns]
    try:
        parsed = _parsed(text, kinds)
    except pa.ArrowInvalid:
        kinds = [kind if _reads(text, kinds, index) else "text" for index, kind in enumerate(kinds)]
        parsed = _parsed(text, kinds)
    wanted = [column.kind for column in shape.columns]
    arrays = [_array(array, *pair) for array, pair in zip(parsed, zip(kinds, wanted, strict=True), strict=True)]
    fields = [field_of(column.name, kind) for column, kind in zip(shape.columns, kinds, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def _reads(text: bytes, kinds: Sequence[Kind], index: int) -> bool:
    """Whether all values of one column are of its kind."""
    if kinds[index] not in ("date", "time", "timestamp", "instant"):
        return True
    try:
        _parsed(text, kinds, only=index)
    except pa.ArrowInvalid:
        return False
    return True


def _parsed(text: bytes, kinds: Sequence[Kind], only: int | None = None) -> list[pa.Array]:
    names = [str(index) for index in range(len(kinds) + 1)]
    table = csv.read_csv(
        pa.py_buffer(text),
        csv.ReadOptions(column_names=names, use_threads=False, block_size=len(text) + 1),
        _OPTIONS,
        csv.ConvertOptions(
            column_types={name: _parsed_type(kind) for name, kind in zip(names, kinds, strict=False)},
            include_columns=names[:-1] if only is None else [names[only]],
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    )
    return [column.combine_chunks() for column in table.columns]


def _parsed_type(kind: Kind) -> pa.DataType:
    if kind == "instant":
        return pa.timestamp("us")  # AT TIME ZONE 'UTC' has taken the zone away
    return pa.string() if kind == "binary" else arrow_type(kind)


def _with_zone(text: pa.Array) -> pa.Array:
    """The text has to say the zone; infinity is in none."""
    zoned = pc.replace_substring(pc.binary_join_element_wise(text, "+00:00", ""), " BC+00:00", "+00:00 BC")
    return pc.if_else(pc.match_substring(text, "infinity"), text, zoned)


def _array(array: pa.Array, kind: Kind, wanted: Kind) -> pa.Array:
    if kind == "binary":
        texts = array.to_pylist()
        return pa.array([None if text is None else bytes.fromhex(text[2:]) for text in texts], pa.binary())
    if kind == "instant":
        return array.cast(arrow_type(kind))
    return _with_zone(array) if wanted == "instant" else array


def _nested(oids: set[int], connection: psycopg.Connection[Any]) -> set[int]:
    """Which of these types are arrays or composite types: their JSON is easier to read than PostgreSQL's own text."""
    if not oids:
        return set()
    with psycopg.RawCursor(connection) as cursor:
        return {row[0] for row in cursor.execute(_ASK_TYPES, [list(oids)]).fetchall()}
