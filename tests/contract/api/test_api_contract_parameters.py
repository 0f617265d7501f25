"""What the api takes for a parameter when it checks a template is what the generator binds when it runs the SQL."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.messages import Parameter
from libs.common.sql_parameters import parameter_names
from services.generator.sources.statement import statement

PIECES = st.sampled_from(
    [
        *("SELECT ", ":a", ":b_1", "::date", "'", "''", '"', "`", "\\", "E'", "$$", "$t$", "--", "\n", "/*", "*/"),
        *("[1:n]", " ", ":", ":2", "x", "(", ")", ",", ";", "é", ":é"),
    ]
)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14))
def test_any_sql_has_the_same_parameters_for_both(pieces: list[str]) -> None:
    sql = "".join(pieces)
    assert bound_names(sql) == parameter_names(sql)


def bound_names(sql: str) -> set[str]:
    """The parameters of the statement that the database is given."""
    values = [Parameter(name=name, type="integer", value=1) for name in parameter_names(sql)]
    return set(statement(sql, values).compile().params)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT :a, x::date, ':no' FROM t WHERE y = :b -- :no", {"a", "b"}),
        ("SELECT arr[1:2], arr[:n] /* :no */ FROM t", {"n"}),
        ("SELECT arr[:2], arr[2:] FROM t", set()),
        ("SELECT $$ :no $$, \":no\", '12:30'", set()),
    ],
)
def test_only_what_the_database_would_bind_is_a_parameter(sql: str, names: set[str]) -> None:
    assert bound_names(sql) == parameter_names(sql) == names
