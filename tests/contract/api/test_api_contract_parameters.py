"""The api, which checks a template, and the generator, which runs it, read the same parameters in the same SQL."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.api.sql import bound_names
from services.generator.sources.statement import parameter_names

PIECES = st.sampled_from(
    [
        *("SELECT ", ":a", ":b_1", "::date", "'", "''", '"', "`", "\\", "E'", "$$", "$t$", "--", "\n", "/*", "*/"),
        *("[1:n]", " ", ":", ":2", "x", "(", ")", ",", ";", "é", ":é"),
    ]
)


@settings(max_examples=500, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14))
def test_any_sql_has_the_same_parameters_for_both(pieces: list[str]) -> None:
    sql = "".join(pieces)
    assert bound_names(sql) == parameter_names(sql)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT :a, x::date, ':no' FROM t WHERE y = :b -- :no", {"a", "b"}),
        ("SELECT arr[1:2], arr[:n] /* :no */ FROM t", {"n"}),
        ("SELECT $$ :no $$, \":no\", '12:30'", set()),
    ],
)
def test_only_what_the_database_would_bind_is_a_parameter(sql: str, names: set[str]) -> None:
    assert bound_names(sql) == parameter_names(sql) == names
