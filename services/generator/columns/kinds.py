"""What a column holds, how Arrow carries it, and which column can hold two kinds at once.

What the types of the databases become. Whatever is not named here is text, as the database writes it.

| kind | PostgreSQL | MySQL, MariaDB | SQLite | DuckDB |
|---|---|---|---|---|
| boolean | boolean | (tinyint(1) is an integer) | declared BOOLEAN, BOOL | BOOLEAN |
| integer | smallint, integer, bigint, oid | tinyint … bigint, year | integer | TINYINT … BIGINT, UTINYINT … UINTEGER |
| number | real, double precision | float, double | real | FLOAT, DOUBLE |
| numeric | numeric, money | decimal, integers beyond 2⁶³ | - | DECIMAL, UBIGINT, HUGEINT, UHUGEINT, BIGNUM |
| text | text, varchar, char, uuid, enum, inet, … | char, text, enum, set | text | VARCHAR, UUID, ENUM |
| binary | bytea | binary, varbinary, blob, bit, geometry | blob | BLOB |
| date | date | date | declared DATE | DATE |
| time | time | - | - | TIME |
| timestamp | timestamp | datetime, timestamp (session's zone) | declared DATETIME, TIMESTAMP | TIMESTAMP, _S, _MS |
| instant | timestamptz, in UTC | - | the same, with an offset in the text | TIMESTAMPTZ, in UTC |

What becomes text has one form for each type:

- json, jsonb, JSON: as the database keeps or writes it. Arrays and composite types (PostgreSQL) and lists, structs and
  maps (DuckDB): JSON, `[1,2]`.
- interval: `1 mon 02:00:00` (PostgreSQL), `1 month 02:00:00` (DuckDB); MySQL's time, which is a length of time too:
  `-838:59:59`. Other drivers' intervals: `26:00:00.500000`, hours and not days.
- uuid: `00000000-0000-0000-0000-000000000005`. timetz: `10:11:00+02`. bit: `101`. ranges: `[1,5)`.
  TIMESTAMP_NS: with all nine digits.
- A moment outside the years 1 to 9999, infinity, a time of 24:00:00, MySQL's 0000-00-00, and text in a column that
  SQLite declares a date: the whole column becomes text in which each moment is ISO 8601 (`2013-01-01 05:00:00`), and
  the odd one is as the database writes it (`infinity`, `0044-03-15 BC`). Only DuckDB's make a clear failure instead.

A number that is none (NaN, Infinity) stays in its column: as a float in a number, as the text `NaN` in a numeric.
"""

from __future__ import annotations

from typing import Literal

import pyarrow as pa

Kind = Literal[
    "empty", "boolean", "integer", "number", "numeric", "text", "binary", "date", "time", "timestamp", "instant"
]
"""`empty` has only NULL so far; `numeric` is an exact decimal; a `timestamp` has no zone, an `instant` is in UTC."""

NUMERIC = {b"pressroom.kind": b"numeric"}
"""Marks an Arrow text field whose values are exact decimals, the way databases deliver NUMERIC without loss."""

_ARROW: dict[Kind, pa.DataType] = {
    "empty": pa.null(),
    "boolean": pa.bool_(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "numeric": pa.string(),
    "text": pa.string(),
    "binary": pa.binary(),
    "date": pa.date32(),
    "time": pa.time64("us"),
    "timestamp": pa.timestamp("us"),
    "instant": pa.timestamp("us", "UTC"),
}

_WIDER: dict[frozenset[Kind], Kind] = {
    frozenset(("boolean", "integer")): "integer",
    frozenset(("integer", "number")): "number",
    frozenset(("integer", "numeric")): "numeric",
    frozenset(("number", "numeric")): "numeric",
    frozenset(("date", "timestamp")): "timestamp",
    frozenset(("date", "text")): "text",
    frozenset(("time", "text")): "text",
    frozenset(("timestamp", "text")): "text",
    frozenset(("instant", "text")): "text",
}

_SPOKEN: dict[Kind, str] = {
    "empty": "nothing",
    "boolean": "true or false",
    "integer": "whole numbers",
    "number": "numbers",
    "numeric": "decimal numbers",
    "text": "text",
    "binary": "bytes",
    "date": "dates",
    "time": "times of day",
    "timestamp": "dates with a time",
    "instant": "instants with a time zone",
}

RIGHT_ALIGNED: frozenset[Kind] = frozenset(("integer", "number", "numeric"))


def spoken(kind: Kind) -> str:
    """What a column of `kind` holds, in the words of an error."""
    return _SPOKEN[kind]


def arrow_type(kind: Kind) -> pa.DataType:
    """The Arrow type that carries `kind`."""
    return _ARROW[kind]


def field_of(name: str, kind: Kind) -> pa.Field:
    """The Arrow field of a column."""
    return pa.field(name, _ARROW[kind], metadata=NUMERIC if kind == "numeric" else None)


def kind_of(field: pa.Field) -> Kind:
    """The kind of column that `field` describes; a type of the same family counts (int32 is `integer`)."""
    if field.metadata and field.metadata.get(b"pressroom.kind") == b"numeric":
        return "numeric"
    kind = _family(field.type)
    if kind is None:
        raise ValueError(f"no kind of column for the Arrow type {field.type}")
    return kind


def _family(type_: pa.DataType) -> Kind | None:
    types = pa.types
    tests: list[tuple[bool, Kind]] = [
        (types.is_null(type_), "empty"),
        (types.is_boolean(type_), "boolean"),
        (types.is_integer(type_), "integer"),
        (types.is_floating(type_), "number"),
        (types.is_decimal(type_), "numeric"),
        (types.is_string(type_) or types.is_large_string(type_), "text"),
        (types.is_binary(type_) or types.is_large_binary(type_), "binary"),
        (types.is_date(type_), "date"),
        (types.is_time(type_), "time"),
        (types.is_timestamp(type_), "instant" if types.is_timestamp(type_) and type_.tz else "timestamp"),
    ]
    return next((kind for matches, kind in tests if matches), None)


def wider(one: Kind, other: Kind) -> Kind | None:
    """The kind of column that holds the values of both without changing any, or None if there is none."""
    if one == other or other == "empty":
        return one
    if one == "empty":
        return other
    return _WIDER.get(frozenset((one, other)))
