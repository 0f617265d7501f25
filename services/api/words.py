"""What a type asks for, and what came instead, in words that fit into a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import inspect

LONGEST_SHOWN = 60


def right(kind: inspect.Type) -> str:
    """What a value of `kind` must be, as in "an integer from 1 to 100".

    A type says it in its own words with `msgspec.Meta(extra={"right": "..."})`.
    """
    if isinstance(kind, inspect.Metadata):
        return str((kind.extra or {}).get("right") or right(kind.type))
    if isinstance(kind, inspect.UnionType):
        return either(dict.fromkeys(right(one) for one in kind.types))
    if isinstance(kind, inspect.LiteralType):
        return f"one of {', '.join(map(str, kind.values))}" if len(kind.values) > 1 else str(kind.values[0])
    if isinstance(kind, (inspect.IntType, inspect.FloatType)):
        return _number(kind)
    if isinstance(kind, inspect.StrType):
        return "text" + _length(kind.min_length, kind.max_length, "characters")
    if isinstance(kind, (inspect.ListType, inspect.VarTupleType)):
        return "a list" + _length(kind.min_length, kind.max_length, "entries")
    if isinstance(kind, inspect.DateTimeType):
        return "a moment with its UTC offset, like 2026-01-31T08:00:00Z"
    return _SIMPLE.get(type(kind), "a value of another type")


def shown(value: object) -> str:
    """`value` as it came, short enough to be quoted."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


def either(choices: Iterable[str]) -> str:
    """ "a, b or c"."""
    *first, last = choices
    return f"{', '.join(first)} or {last}" if first else last


def few(kind: str, names: Sequence[str]) -> str:
    """ "the schedule Sales", or "the schedules Sales, Stock, Orders and 4 more"."""
    shown_names = ", ".join(names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return f"the {kind}{'' if len(names) == 1 else 's'} {shown_names}{more}"


def is_secret(kind: inspect.Type) -> bool:
    """True for a value that must not be quoted, marked with `msgspec.Meta(extra={"secret": True})`."""
    if isinstance(kind, inspect.UnionType):
        return any(is_secret(one) for one in kind.types)
    return isinstance(kind, inspect.Metadata) and bool((kind.extra or {}).get("secret"))


_SIMPLE: dict[type[Any], str] = {
    inspect.BoolType: "true or false",
    inspect.NoneType: "null",
    inspect.StructType: "an object",
    inspect.DictType: "an object",
    inspect.UUIDType: "a UUID",
    inspect.DateType: "a date like 2026-01-31",
}


def _number(kind: inspect.IntType | inspect.FloatType) -> str:
    name = "an integer" if isinstance(kind, inspect.IntType) else "a number"
    if kind.ge is not None and kind.le is not None:
        return f"{name} from {kind.ge:,} to {kind.le:,}"
    if kind.ge is not None:
        return f"{name} of at least {kind.ge:,}"
    if kind.gt is not None:
        return f"{name} above {kind.gt:,}"
    return name


def _length(least: int | None, most: int | None, unit: str) -> str:
    if least and most:
        return f" of {least:,} to {most:,} {unit}"
    if most:
        return f" of at most {most:,} {unit}"
    if least:
        return f" of at least {least:,} {unit if least > 1 else {'entries': 'entry', 'characters': 'character'}[unit]}"
    return ""
