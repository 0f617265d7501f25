"""A report's SQL as a statement: its `:name` parameters become bound values, never text in the SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Numeric, Text, bindparam, text
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import TypeEngine

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, ParameterType
from libs.common.sql_parameters import PARTS, parameter_names
from services.generator.sources.cause import Place, place_at

_COLONS = re.compile(r"(?<!:):(?=\w)|(?<=\\):")

_TYPES: Mapping[ParameterType, TypeEngine[Any]] = {
    "text": Text(),
    "integer": BigInteger(),
    "number": Numeric(),
    "boolean": Boolean(),
    "date": Date(),
    "datetime": DateTime(timezone=False),
}

_TRUTH = {"true": True, "1": True, "false": False, "0": False}


@dataclass(frozen=True)
class Numbered:
    """A statement with `$1`, `$2`, … for its parameters, and their values in that order."""

    sql: str
    values: tuple[object, ...]
    _shifts: tuple[tuple[int, int], ...]
    """From which character of `sql` on it is how many characters longer than what its author wrote."""
    _written: str

    def place(self, offset: int) -> Place | None:
        """Where the character `offset` of `sql` stands in what the author wrote."""
        longer = max((shift for shift in self._shifts if shift[0] <= offset), default=(0, 0))[1]
        return place_at(self._written, offset - longer)


def numbered(sql: str, parameters: Iterable[Parameter], casts: Mapping[str, str]) -> Numbered:
    """The statement for a driver that numbers its parameters.

    A parameter's type is said in the SQL (`$1::bigint`), so that a comparison with it never depends on its value;
    `casts` has the database's name for each type of parameter, and for an `instant`. Failures as those of `statement`.
    """
    given = _given(sql, parameters)
    numbers: dict[str, int] = {}
    values: list[object] = []
    shifts: list[tuple[int, int]] = []
    longer = 0

    def place_holder(part: re.Match[str]) -> str:
        nonlocal longer
        name = part["name"]
        if not name:
            return part[0]
        if name not in numbers:
            values.append(value_of(given[name]))
            numbers[name] = len(values)
        type_ = casts[_type_word(given[name], values[numbers[name] - 1])]
        holder = f"${numbers[name]}::{type_}" if type_ else f"${numbers[name]}"
        longer += len(holder) - len(part[0])
        shifts.append((part.end() + longer, longer))
        return holder

    text_ = PARTS.sub(place_holder, sql)
    return Numbered(text_, tuple(values), tuple(shifts), sql)


def statement(sql: str, parameters: Iterable[Parameter], adapt: Callable[[object], object] | None = None) -> TextClause:
    """The statement with the parameters it names bound to typed values.

    `adapt` turns a value into what the database takes (SQLite knows no dates); then the type is left to the
    driver. A parameter that is missing or of the wrong type is a PermanentFailure that names it.
    """
    given = _given(sql, parameters)
    clause = text(PARTS.sub(_escape, sql))
    return clause.bindparams(*(_bound(given[name], adapt) for name in sorted(given)))


def _type_word(parameter: Parameter, value: object) -> str:
    return "instant" if isinstance(value, datetime) and value.tzinfo is not None else parameter.type


def _given(sql: str, parameters: Iterable[Parameter]) -> dict[str, Parameter]:
    """The parameters that `sql` names."""
    given, wanted = {parameter.name: parameter for parameter in parameters}, parameter_names(sql)
    if missing := sorted(wanted - given.keys()):
        raise PermanentFailure(f"The SQL asks for the parameter ':{missing[0]}', which the report does not give.")
    return {name: given[name] for name in wanted}


def without_end(sql: str) -> str:
    """`sql` with a blank for the semicolon at its end, so that it can stand in brackets; all else keeps its place."""
    code = PARTS.sub(lambda part: " " * len(part[0]) if part[0].startswith(("--", "/*")) else part[0], sql).rstrip()
    while code.endswith(";"):
        end = len(code) - 1
        sql, code = f"{sql[:end]} {sql[end + 1 :]}", code[:end].rstrip()
    return sql


def value_of(parameter: Parameter) -> object:
    """The parameter's value as Python has it: a date as `date`, a number as `Decimal`."""
    if parameter.value is None:
        return None
    try:
        return _READ[parameter.type](parameter.value)
    except (ValueError, TypeError, InvalidOperation, KeyError) as error:
        raise PermanentFailure(
            f"The parameter '{parameter.name}' must be {_WANTED[parameter.type]}, but it is {parameter.value!r}."
        ) from error


def _bound(parameter: Parameter, adapt: Callable[[object], object] | None) -> Any:
    value = value_of(parameter)
    if adapt is not None:
        return bindparam(parameter.name, adapt(value))
    has_zone = isinstance(value, datetime) and value.tzinfo is not None
    return bindparam(parameter.name, value, type_=DateTime(timezone=True) if has_zone else _TYPES[parameter.type])


def _escape(part: re.Match[str]) -> str:
    """The part as SQLAlchemy's `text` reads it: a colon that starts no parameter wears a backslash."""
    if part["colon"]:
        return r"\:"
    if not part["name"]:
        return _COLONS.sub(r"\\:", part[0])
    # It does not see the parameter in `:since::date`, but it does in `:since ::date`.
    return part[0] + " " if part.string.startswith("::", part.end()) else part[0]


def _integer(value: object) -> int:
    if isinstance(value, bool) or (isinstance(value, float) and not value.is_integer()):
        raise ValueError
    return int(value)  # type: ignore[call-overload, no-any-return]


def _number(value: object) -> Decimal:
    if isinstance(value, bool):
        raise ValueError
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError
    return number


def _boolean(value: object) -> bool:
    return _TRUTH[str(value).lower()]


_READ: Mapping[ParameterType, Callable[[Any], object]] = {
    "text": str,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
}

_WANTED: Mapping[ParameterType, str] = {
    "text": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "date": "a date such as 2026-12-31",
    "datetime": "a date with a time such as 2026-12-31T18:00:00",
}
