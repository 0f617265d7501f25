from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Parameter, Query
from libs.local.ports import free_port
from services.generator.sources import Limits, open_source

LIMITS = Limits(max_rows=1000, statement_timeout_seconds=30)


def ask(url: str, sql: str, parameters: Iterable[Parameter] = (), limits: Limits = LIMITS) -> list[dict[str, Any]]:
    with open_source("warehouse", url, limits) as source:
        return [row for batch in source.rows(Query(name="Sales", sql=sql), parameters) for row in batch.to_pylist()]


@contextmanager
def owner(url: str) -> Iterator[psycopg.Connection[Any]]:
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        yield connection


@pytest.fixture
def warehouse(postgres_url: str) -> str:
    with owner(postgres_url) as connection:
        connection.execute("CREATE TABLE sales (id bigint, price numeric(30, 2), at timestamptz)")
        connection.execute("INSERT INTO sales VALUES (1, 12.50, '2013-01-01 05:00+02'), (2, NULL, NULL)")
        connection.execute(
            "CREATE FUNCTION sneak() RETURNS integer LANGUAGE sql VOLATILE AS 'DELETE FROM sales; SELECT 1'"
        )
    return postgres_url


def sales(url: str) -> int:
    with owner(url) as connection:
        row = connection.execute("SELECT count(*) FROM sales").fetchone()
    assert row is not None
    return int(row[0])


def test_every_type_arrives_exactly(warehouse: str) -> None:
    sql = """
        SELECT 12.50::numeric(30, 2) AS n, 9223372036854775807 AS big, 0.1::float8 AS f, DATE '2013-01-01' AS d,
               TIMESTAMP '2013-01-01 05:00:00.000120' AS ts, TIMESTAMPTZ '2013-01-01 05:00+02' AS tz,
               TIME '10:11:12' AS t, true AS b, '\\x6100'::bytea AS raw, '{"a": [1, null]}'::jsonb AS j,
               ARRAY[1, 2] AS a, INTERVAL '1 month 2 hours' AS i, 99999999999999999999.99 AS wide,
               '00000000-0000-0000-0000-000000000005'::uuid AS u, NULL AS nothing, 'NaN'::numeric AS nan
    """
    (row,) = ask(warehouse, sql)
    assert row == {
        "n": "12.50",
        "big": 2**63 - 1,
        "f": 0.1,
        "d": date(2013, 1, 1),
        "ts": datetime.fromisoformat("2013-01-01T05:00:00.000120"),
        "tz": datetime(2013, 1, 1, 3, tzinfo=UTC),
        "t": time(10, 11, 12),
        "b": True,
        "raw": b"a\x00",
        "j": '{"a": [1, null]}',
        "a": "[1, 2]",
        "i": "1 mon 02:00:00",
        "wide": "99999999999999999999.99",
        "u": "00000000-0000-0000-0000-000000000005",
        "nothing": None,
        "nan": "NaN",
    }


def test_parameters_are_typed_and_bound(warehouse: str) -> None:
    parameters = [
        Parameter(name="id", type="integer", value=1),
        Parameter(name="price", type="number", value="12.5"),
        Parameter(name="since", type="date", value="2012-12-31"),
        Parameter(name="at", type="datetime", value="2013-01-01T03:00:00Z"),
        Parameter(name="evil", type="text", value="'; DROP TABLE sales; --"),
        Parameter(name="none", type="date", value=None),
    ]
    sql = """
        SELECT :evil AS evil, :none::date IS NULL AS is_null, ':id' AS literal, :id + 1 AS next, 7 % 4 AS rest
        FROM sales WHERE id = :id AND price = :price AND at > :since AND at = :at AND (:none IS NULL OR at > :none)
    """
    assert ask(warehouse, sql, parameters) == [
        {"evil": "'; DROP TABLE sales; --", "is_null": True, "literal": ":id", "next": 2, "rest": 3}
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sneak()",
        "INSERT INTO sales VALUES (3)",
        "DELETE FROM sales",
        "WITH gone AS (DELETE FROM sales RETURNING *) SELECT * FROM gone",
        "SELECT 1; DELETE FROM sales",
        "SELECT 1; COMMIT; SET default_transaction_read_only = off; DELETE FROM sales",
        "SELECT set_config('transaction_read_only', 'off', false), sneak()",
        "CREATE TABLE mine (n integer)",
        "TRUNCATE sales",
        "COPY sales TO '/tmp/sales'",
        "SELECT nextval('never')",
    ],
)
def test_the_database_refuses_all_but_reading(sql: str, warehouse: str) -> None:
    with pytest.raises(PermanentFailure, match="The query 'Sales'"):
        ask(warehouse, sql)
    assert sales(warehouse) == 2


def test_a_function_that_writes_is_refused_in_words(warehouse: str) -> None:
    with pytest.raises(PermanentFailure, match=r"may only read from the source 'warehouse': cannot execute DELETE"):
        ask(warehouse, "SELECT sneak()")


def test_what_a_session_may_undo_ends_with_it(warehouse: str) -> None:
    """set_config works on the session; the transaction that is open stays read-only, and there is no other."""
    sql = "SELECT set_config('default_transaction_read_only', 'off', false)"
    with open_source("warehouse", warehouse, LIMITS) as source:
        assert list(source.rows(Query(name="First", sql=sql)))
        with pytest.raises(PermanentFailure, match="cannot execute DELETE"):
            list(source.rows(Query(name="Second", sql="SELECT sneak()")))
    assert sales(warehouse) == 2


def test_all_queries_of_a_report_see_one_moment(warehouse: str) -> None:
    count = Query(name="Count", sql="SELECT count(*) AS n FROM sales")
    with open_source("warehouse", warehouse, LIMITS) as source:
        before = [row for batch in source.rows(count) for row in batch.to_pylist()]
        with owner(warehouse) as connection:
            connection.execute("INSERT INTO sales VALUES (3, 1, now())")
        after = [row for batch in source.rows(count) for row in batch.to_pylist()]
    assert before == after == [{"n": 2}]
    assert sales(warehouse) == 3


def test_rows_stream_out_of_the_server(warehouse: str) -> None:
    """Set on the connection instead of the statement, streaming would be ignored and this would take all memory."""
    with open_source("warehouse", warehouse, Limits(max_rows=3000, statement_timeout_seconds=30)) as source:
        rows = source.rows(Query(name="Long", sql="SELECT generate_series(1, 200000000) AS g, repeat('x', 1000) AS x"))
        assert sum(batch.num_rows for batch in rows) == 3000
        assert rows.cut is not None
        assert rows.cut.total is None


def test_a_query_that_takes_too_long_is_ended_by_the_database(warehouse: str) -> None:
    with pytest.raises(PermanentFailure, match="ran longer than the 1 seconds that the source 'warehouse' allows"):
        ask(warehouse, "SELECT pg_sleep(30)", limits=Limits(max_rows=10, statement_timeout_seconds=1))


def test_a_query_that_somebody_cancels_can_be_tried_again(warehouse: str) -> None:
    sql = "SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(30)"
    with pytest.raises(TransientFailure, match="broke off the query 'Sales'"):
        ask(warehouse, sql)


def test_a_connection_that_is_cut_can_be_tried_again(warehouse: str) -> None:
    with pytest.raises(TransientFailure, match="broke off the query 'Sales'"):
        ask(warehouse, "SELECT pg_terminate_backend(pg_backend_pid()), pg_sleep(30)")


def test_an_error_in_the_sql_has_the_databases_words(warehouse: str) -> None:
    with pytest.raises(PermanentFailure, match="failed in the source 'warehouse': column \"nope\" does not exist"):
        ask(warehouse, "SELECT nope FROM sales")


def test_a_source_that_is_down_can_be_tried_again_and_keeps_its_password() -> None:
    url = f"postgresql://ada:secret-word@127.0.0.1:{free_port()}/warehouse"
    with pytest.raises(TransientFailure, match="The source 'warehouse' refused the connection") as failure:
        ask(url, "SELECT 1")
    assert "secret-word" not in str(failure.value)
    assert "postgresql://" not in str(failure.value)


def test_a_source_that_does_not_answer_is_not_waited_for_long() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://ada:secret-word@127.0.0.1:{silent.getsockname()[1]}/warehouse?connect_timeout=2"
        with pytest.raises(TransientFailure, match="The source 'warehouse' cannot be reached"):
            ask(url, "SELECT 1")


def test_a_wrong_password_is_no_matter_of_time(warehouse: str) -> None:
    with owner(warehouse) as connection:
        connection.execute("DROP ROLE IF EXISTS nobody_here")
    url = make_url(warehouse).set(username="nobody_here", password="secret-word")
    with pytest.raises(PermanentFailure, match="The source 'warehouse' cannot be opened") as failure:
        ask(url.render_as_string(hide_password=False), "SELECT 1")
    assert "secret-word" not in str(failure.value)
