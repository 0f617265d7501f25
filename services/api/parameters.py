"""Typed parameters: what a template declares, and whether a given value fits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from libs.common.messages import Parameter, ParameterType
from libs.common.placeholders import ANY_DAY, Placeholder, check_text, has_placeholders, resolved_parameter
from services.api.problems import Findings
from services.api.words import shown

Value = None | bool | int | float | str

BIGGEST = 2**63 - 1
LONGEST_TEXT = 10_000


class Declared(msgspec.Struct, kw_only=True):
    """A parameter as a template keeps it. `default` and `allowed` are normalised values."""

    name: str
    type: ParameterType
    required: bool
    default: Any = None
    allowed: list[Any] | None = None


class Misfit(Exception):
    """A value that is not of its parameter's type; the text completes the sentence "… must be …"."""


def normalised(value: object, kind: ParameterType) -> Value:
    """`value` as it travels: dates as ISO 8601, the rest as it is. A Misfit if it is of another type."""
    return _NORMALISE[kind](value)


def given_values(
    declared: Sequence[Declared], given: Mapping[str, object], wrong: Findings, field: str = "parameters"
) -> tuple[Parameter, ...]:
    """A value for each declared parameter, from `given` or its default; what does not fit goes to `wrong`."""
    known = {one.name for one in declared}
    for name in given:
        if name not in known:
            has = f"it has: {', '.join(sorted(known))}" if known else "it has none"
            wrong.add(f"{field}.{name}", f"{field}.{name} is no parameter of this report type; {has}.")
    return tuple(
        Parameter(name=one.name, type=one.type, value=_value(one, given, wrong, f"{field}.{one.name}"))
        for one in declared
    )


def check_placeholders(text: str, field: str, wrong: Findings) -> None:
    """Note in `wrong` a placeholder that means nothing."""
    try:
        check_text(text)
    except Placeholder as error:
        wrong.add(field, f"{field}: {error}")


def _value(declared: Declared, given: Mapping[str, object], wrong: Findings, field: str) -> Value:
    if declared.name not in given:
        if declared.required and declared.default is None:
            wrong.add(field, f"{field} is missing; it must be {WORDS[declared.type]}.")
        default: Value = declared.default
        return default
    if given[declared.name] is None and not declared.required:
        return None
    try:
        asked = given[declared.name]
        if isinstance(asked, str) and has_placeholders(asked):
            return _placeholder(declared, asked, wrong, field)
        value = normalised(asked, declared.type)
    except Misfit as misfit:
        wrong.add(field, f"{field} must be {misfit}.")
        return None
    if declared.allowed is not None and value not in declared.allowed:
        choices = ", ".join(shown(one) for one in declared.allowed)
        wrong.add(field, f"{field} must be one of {choices}, not {shown(value)}.")
    return value


def _placeholder(declared: Declared, text: str, wrong: Findings, field: str) -> Value:
    """`text` as it is, if what it means fits on a day like any other."""
    parameter = Parameter(name=declared.name, type=declared.type, value=text)
    try:
        resolved_parameter(parameter, ANY_DAY)
    except Placeholder as error:
        wrong.add(field, f"{field}: {error}")
    return text


WORDS: Mapping[ParameterType, str] = {
    "text": "text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date like 2026-01-31",
    "datetime": "a date and time like 2026-01-31T08:00:00",
}
"""What a value of each type must be."""


def _misfit(kind: ParameterType, value: object) -> Misfit:
    return Misfit(f"{WORDS[kind]}, not {shown(value)}")


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _misfit("text", value)
    if len(value) > LONGEST_TEXT:
        raise Misfit(f"text of at most {LONGEST_TEXT:,} characters")
    return value


def _integer(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _misfit("integer", value)
    if not -BIGGEST - 1 <= value <= BIGGEST:
        raise Misfit(f"an integer of at most 64 bits, not {shown(value)}")
    return value


def _number(value: object) -> int | float | str:
    """Digits may come as text, so that a decimal fraction keeps its exact value."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise _misfit("number", value)
    try:
        finite = Decimal(str(value)).is_finite()
    except InvalidOperation as error:
        raise _misfit("number", value) from error
    if not finite or len(str(value)) > 400:
        raise _misfit("number", value)
    return value.strip() if isinstance(value, str) else value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise _misfit("boolean", value)
    return value


def _date(value: object) -> str:
    if not isinstance(value, str):
        raise _misfit("date", value)
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _misfit("date", value) from error


def _datetime(value: object) -> str:
    if not isinstance(value, str):
        raise _misfit("datetime", value)
    try:
        return datetime.fromisoformat(value).isoformat()
    except ValueError as error:
        raise _misfit("datetime", value) from error


_NORMALISE: Mapping[ParameterType, Callable[[object], Value]] = {
    "text": _text,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "datetime": _datetime,
}
