"""Turns the Python values that a database driver hands out into Arrow columns, exactly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa

from libs.common.errors import PermanentFailure
from services.generator.columns.kinds import Kind, arrow_type, field_of, spoken, wider

_BY_TYPE: dict[type, Kind] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    Decimal: "numeric",
    str: "text",
    bytes: "binary",
    bytearray: "binary",
    memoryview: "binary",
    date: "date",
}


def record_batch(names: Sequence[str], rows: Sequence[Sequence[Any]], first_row: int) -> pa.RecordBatch:
    """The batch that holds `rows`, which are the query's rows from number `first_row` (1 is the first) on.

    A column whose values do not fit together is a PermanentFailure that names the column and the row.
    """
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    fields, arrays = [], []
    for name, values in zip(names, columns, strict=True):
        kind, array = _column(name, values, first_row)
        fields.append(field_of(name, kind))
        arrays.append(array)
    return pa.RecordBatch.from_arrays(arrays, schema=pa.schema(fields))


def misfit(name: str, row: int, value: object, kind: Kind, earlier: Kind) -> PermanentFailure:
    """The failure of a value that its column cannot hold."""
    shown = repr(value)
    shown = shown if len(shown) <= 60 else shown[:57] + "..."
    return PermanentFailure(
        f"The column '{name}' holds {spoken(kind)} in row {row:,} ({shown}), where the rows before hold "
        f"{spoken(earlier)}; convert it in the SQL, for example with CAST or NULLIF."
    )


def _column(name: str, values: Sequence[Any], first_row: int) -> tuple[Kind, pa.Array]:
    kind, uniform = _common_kind(name, values, first_row)
    prepare = None if uniform and kind != "numeric" else _PREPARE.get(kind)
    ready = values if prepare is None else [None if value is None else prepare(value) for value in values]
    try:
        return kind, pa.array(ready, arrow_type(kind))
    except (OverflowError, pa.ArrowInvalid):
        return "numeric", pa.array([None if value is None else _plain(value) for value in values], pa.string())
    except UnicodeEncodeError:  # half of a surrogate pair: no file format can hold it
        return kind, pa.array([None if value is None else _encodable(value) for value in ready], pa.string())


def _common_kind(name: str, values: Sequence[Any], first_row: int) -> tuple[Kind, bool]:
    """The kind of the column, and whether all its values are of one Python type that Arrow takes as it is."""
    types = set(map(type, values))
    types.discard(type(None))
    if len(types) == 1 and (known := _BY_TYPE.get(next(iter(types)))) is not None:
        return known, True
    return _join(name, values, first_row), False


def _join(name: str, values: Iterable[Any], first_row: int) -> Kind:
    common: Kind = "empty"
    for row, value in enumerate(values, first_row):
        kind = _kind(value)
        if kind == common:
            continue
        joined = wider(common, kind)
        if joined is None:
            raise misfit(name, row, value, kind, common)
        common = joined
    return common


def _kind(value: object) -> Kind:
    if value is None:
        return "empty"
    if isinstance(value, datetime):
        return "timestamp" if value.tzinfo is None else "instant"
    if isinstance(value, time):
        return "time" if value.tzinfo is None else "text"
    return _BY_TYPE.get(type(value), "text")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, timedelta):
        return _length(value)
    if isinstance(value, datetime) and value.tzinfo is not None:
        value = value.astimezone(UTC)
    return str(value)


def _length(value: timedelta) -> str:
    """Hours and not days, so that the text sorts and adds up: 26:00:00."""
    minutes, seconds = divmod(abs(value).days * 86_400 + abs(value).seconds, 60)
    fraction = f".{abs(value).microseconds:06}" if abs(value).microseconds else ""
    sign = "-" if value < timedelta() else ""
    return f"{sign}{minutes // 60:02}:{minutes % 60:02}:{seconds:02}{fraction}"


def _plain(value: Any) -> str:
    """A number in digits, never as 1E+3; a float has the fewest that name it exactly."""
    exact = Decimal(repr(value)) if isinstance(value, float) else value
    return format(exact, "f") if isinstance(exact, Decimal) else str(int(exact))


def _moment(value: date) -> datetime:
    return value if isinstance(value, datetime) else datetime.combine(value, time.min)


def _encodable(text: object) -> str:
    return str(text).encode("utf-8", "replace").decode()


_PREPARE: dict[Kind, Callable[[Any], object]] = {
    "text": _text,
    "numeric": _plain,
    "binary": bytes,
    "boolean": bool,
    "integer": int,
    "timestamp": _moment,
    "instant": lambda value: value.astimezone(UTC),
}
