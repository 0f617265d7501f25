"""A report's SQL as a statement: its `:name` parameters become bound values, never text in the SQL."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import BigInteger, Boolean, Date, DateTime, Numeric, Text, bindparam, text
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import TypeEngine

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, ParameterType
from libs.common.sql_parameters import PARTS, parameter_names

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


def statement(sql: str, parameters: Iterable[Parameter], adapt: Callable[[object], object] | None = None) -> TextClause:
    """The statement with the parameters it names bound to typed values.

    `adapt` turns a value into what the database takes (SQLite knows no dates); then the type is left to the
    driver. A parameter that is missing or of the wrong type is a PermanentFailure that names it.
    """
    given = {parameter.name: parameter for parameter in parameters}
    wanted = parameter_names(sql)
    if missing := sorted(wanted - given.keys()):
        raise PermanentFailure(f"The SQL asks for the parameter ':{missing[0]}', which the report does not give.")
    clause = text(PARTS.sub(_escape, sql))
    return clause.bindparams(*(_bound(given[name], adapt) for name in sorted(wanted)))


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
