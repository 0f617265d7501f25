from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.dialects import postgresql

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, ParameterType
from libs.common.sql_parameters import parameter_names
from services.generator.sources.cause import Place
from services.generator.sources.statement import numbered, statement, value_of, without_end


def number(name: str, value: Any = 1) -> Parameter:
    return Parameter(name=name, type="integer", value=value)


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT 'at :noon'",
        "SELECT ''':noon'",
        r"SELECT E'\':noon'",
        'SELECT 1 AS ":noon"',
        "SELECT 1 -- :noon",
        "SELECT 1 /* :noon\n:noon */",
        "SELECT $$ :noon $$",
        "SELECT $tag$ :noon $$ :noon $tag$",
        "SELECT '1'::integer",
        "SELECT x[1:2] FROM t",
        "SELECT to_char(now(), 'HH24:MI:SS')",
        "SELECT strftime('%H:%M', at)",
        """SELECT '{"a":1, "b":true}'""",
        r"SELECT 'C\:x', 'C\: '",
    ],
)
def test_a_colon_that_is_no_parameter_stays_what_it_is(sql: str) -> None:
    compiled = statement(sql, [number("noon")]).compile(dialect=postgresql.dialect())
    assert parameter_names(sql) == set()
    assert str(compiled).replace("%%", "%") == sql
    assert compiled.params == {}


def test_parameters_are_bound_and_never_become_text() -> None:
    clause = statement("SELECT :a, ':b', :c::int WHERE x=:a AND d>:ab", [number("a"), number("c", 2), number("ab", 3)])
    assert clause.compile().params == {"a": 1, "c": 2, "ab": 3}
    assert "1" not in str(clause.compile(dialect=postgresql.dialect()))


def test_a_parameter_that_another_query_uses_does_no_harm() -> None:
    assert statement("SELECT 1", [number("other")]).compile().params == {}


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(PermanentFailure, match="':until'"):
        statement("SELECT :since, :until", [number("since")])


@pytest.mark.parametrize(
    ("type_", "value", "read"),
    [
        ("text", "x", "x"),
        ("text", 5, "5"),
        ("integer", 5, 5),
        ("integer", "5", 5),
        ("integer", 5.0, 5),
        ("number", "0.10", Decimal("0.10")),
        ("number", 0.1, Decimal("0.1")),
        ("boolean", True, True),
        ("boolean", "false", False),
        ("boolean", 1, True),
        ("date", "2026-12-31", date(2026, 12, 31)),
        ("datetime", "2026-12-31T18:00:00", datetime.fromisoformat("2026-12-31T18:00")),
        ("date", None, None),
    ],
)
def test_a_parameter_is_read_by_its_type(type_: ParameterType, value: Any, read: object) -> None:
    assert value_of(Parameter(name="p", type=type_, value=value)) == read


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("integer", "x"),
        ("integer", 1.5),
        ("integer", True),
        ("number", "NaN"),
        ("number", "x"),
        ("number", True),
        ("boolean", "maybe"),
        ("date", "31.12.2026"),
        ("date", 5),
        ("datetime", "soon"),
    ],
)
def test_a_parameter_of_the_wrong_type_is_named(type_: ParameterType, value: Any) -> None:
    with pytest.raises(PermanentFailure, match="'since' must be"):
        value_of(Parameter(name="since", type=type_, value=value))


CASTS = {
    "text": "text",
    "integer": "bigint",
    "number": "",
    "date": "date",
    "datetime": "timestamp",
    "instant": "timestamptz",
}


def test_numbered_parameters_say_their_type_and_are_never_text() -> None:
    at = Parameter(name="at", type="datetime", value="2013-01-01T03:00:00Z")
    asked = numbered(
        "SELECT :b, ':a', :a+:b, :at::date -- :a",
        [number("a"), Parameter(name="b", type="number", value="2.50"), at],
        CASTS,
    )
    assert asked.sql == "SELECT $1, ':a', $2::bigint+$1, $3::timestamptz::date -- :a"
    assert asked.values == (Decimal("2.50"), 1, datetime.fromisoformat("2013-01-01T03:00:00+00:00"))
    with pytest.raises(PermanentFailure, match="':c'"):
        numbered("SELECT :c", [], CASTS)


def test_a_place_is_told_in_what_the_author_wrote() -> None:
    asked = numbered("SELECT :since,\n  :since + nope\nFROM t", [number("since")], CASTS)
    assert asked.place(asked.sql.index("nope")) == Place(2, 12)
    assert asked.place(asked.sql.index("FROM")) == Place(3, 1)
    assert asked.place(asked.sql.index("$1")) == Place(1, 8)
    assert asked.place(10_000) is None


@pytest.mark.parametrize(
    ("sql", "bare"),
    [
        ("SELECT 1;", "SELECT 1 "),
        ("SELECT ';' ; ; -- over; \n", "SELECT ';'     -- over; \n"),
        ("SELECT 1; SELECT 2;", "SELECT 1; SELECT 2 "),
        ("SELECT 1 /* ; */", "SELECT 1 /* ; */"),
        ("SELECT ';'", "SELECT ';'"),
    ],
)
def test_only_a_semicolon_at_the_end_goes(sql: str, bare: str) -> None:
    assert without_end(sql) == bare
