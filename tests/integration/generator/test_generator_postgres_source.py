from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
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
from libs.local.waiting import wait_until
from services.generator.sources import Limits, open_source
from services.generator.sources.source import Described

PATIENCE_SECONDS = 60

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
        "a": "[1,2]",
        "i": "1 mon 02:00:00",
        "wide": "99999999999999999999.99",
        "u": "00000000-0000-0000-0000-000000000005",
        "nothing": None,
        "nan": "NaN",
    }


def test_types_of_many_values_have_one_exact_text(warehouse: str) -> None:
    sql = """
        SELECT 12.5::money AS m, ARRAY[1.50, NULL, 'NaN'] AS a, ARRAY['a"b\\', ''] AS texts, sales AS composite,
               '[1,5)'::int4range AS r, '10.0.0.1/8'::inet AS ip, B'101' AS bits, TIMETZ '10:11+02' AS ttz,
               '{"z": 1,  "a": 2}'::json AS j, 0.1::real AS real, 1e300::float8 AS large,
               'Infinity'::numeric AS endless,
               pg_typeof(1) AS type, 'x'::"char" AS c, 'ab'::char(4) AS padded, ''::bytea AS none, NULL::bytea AS null
        FROM sales WHERE id = 2
    """
    assert ask(warehouse, sql) == [
        {
            "m": "12.50",
            "a": '[1.50,null,"NaN"]',
            "texts": '["a\\"b\\\\",""]',
            "composite": '{"id":2,"price":null,"at":null}',
            "r": "[1,5)",
            "ip": "10.0.0.1/8",
            "bits": "101",
            "ttz": "10:11:00+02",
            "j": '{"z": 1,  "a": 2}',
            "real": 0.1,
            "large": 1e300,
            "endless": "Infinity",
            "type": "integer",
            "c": "x",
            "padded": "ab  ",
            "none": b"",
            "null": None,
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        '"',
        '""',
        "\\",
        "\\\\",
        "a\nb\r\n",
        "\t",
        "(a,b)",
        "é😀\u202e",
        "\\N",
        "NULL",
        "'",
        "{1,2}",
        "\x01",
    ],
)
def test_text_arrives_as_it_is(text: str, warehouse: str) -> None:
    given = [Parameter(name="text", type="text", value=text)]
    assert ask(warehouse, "SELECT :text AS one", given) == [{"one": text}]
    rows = ask(warehouse, "SELECT :text AS one, NULL::text AS none, :text AS two FROM sales", given)
    assert rows == [{"one": text, "none": None, "two": text}] * 2


def test_moments_that_no_file_can_hold_make_their_column_text(warehouse: str) -> None:
    sql = """
        SELECT * FROM (VALUES
            (1, DATE 'infinity', TIMESTAMPTZ '-infinity', TIMESTAMP '0044-03-15 12:00 BC', TIME '24:00',
             DATE '2020-01-01'),
            (2, DATE '2020-01-01', TIMESTAMPTZ '2020-01-01 01:00+02', TIMESTAMP '20000-01-01', TIME '10:00', NULL)
        ) AS v (id, d, tz, ts, t, good) ORDER BY id
    """
    assert ask(warehouse, sql) == [
        {
            "id": 1,
            "d": "infinity",
            "tz": "-infinity",
            "ts": "0044-03-15 12:00:00 BC",
            "t": "24:00:00",
            "good": date(2020, 1, 1),
        },
        {
            "id": 2,
            "d": "2020-01-01",
            "tz": "2019-12-31 23:00:00+00:00",
            "ts": "20000-01-01 00:00:00",
            "t": "10:00:00",
            "good": None,
        },
    ]


def test_an_empty_answer_has_its_columns_and_their_kinds(warehouse: str) -> None:
    query = Query(name="None", sql="SELECT id, price, at, id FROM sales WHERE id > :id ORDER BY 1; -- nothing\n")
    given = [Parameter(name="id", type="integer", value=7)]
    with open_source("warehouse", warehouse, LIMITS) as source:
        columns = source.columns(query, given)
        (batch,) = source.rows(query, given)
    kinds = [("id", "integer"), ("price", "numeric"), ("at", "instant"), ("id", "integer")]
    assert columns == tuple(Described(*kind) for kind in kinds)
    assert batch.schema.names == ["id", "price", "at", "id"]
    assert batch.num_rows == 0


def test_it_says_what_it_is_and_that_writing_is_refused(warehouse: str) -> None:
    with open_source("warehouse", warehouse, LIMITS) as source:
        guard = source.try_to_write()
        assert guard is not None
        assert guard.refusal == "cannot execute CREATE TABLE in a read-only transaction"
        assert source.server.startswith("PostgreSQL ")
        assert [batch.num_rows for batch in source.rows(Query(name="After", sql="SELECT 1"))] == [1]


def test_the_settings_of_the_server_do_not_change_a_value(warehouse: str) -> None:
    with owner(warehouse) as connection:
        for setting in (
            "datestyle = 'SQL, DMY'",
            "intervalstyle = 'iso_8601'",
            "bytea_output = 'escape'",
            "timezone = 'Asia/Kolkata'",
            "extra_float_digits = -5",
        ):
            connection.execute(f"ALTER DATABASE {make_url(warehouse).database} SET {setting}")
    sql = r"""
        SELECT DATE '2013-02-01' AS d, TIMESTAMPTZ '1900-01-01 00:00+00' AS tz, INTERVAL '1 month' AS i,
               '\x00ff'::bytea AS b, 0.1::float8 + 0.2 AS f
    """
    assert ask(warehouse, sql) == [
        {"d": date(2013, 2, 1), "tz": datetime(1900, 1, 1, tzinfo=UTC), "i": "1 mon", "b": b"\x00\xff", "f": 0.1 + 0.2}
    ]


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


def test_after_a_cut_the_next_query_is_asked_in_the_same_transaction(warehouse: str) -> None:
    with open_source("warehouse", warehouse, Limits(max_rows=1500, statement_timeout_seconds=30)) as source:
        rows = source.rows(Query(name="Long", sql="SELECT generate_series(1, 20000) AS g"))
        assert [value for batch in rows for value in batch.column(0).to_pylist()] == list(range(1, 1501))
        assert rows.cut is not None
        assert rows.cut.total == 20_000
        endless = source.rows(Query(name="Endless", sql="SELECT generate_series(1, 2000000000) AS g"))
        next(iter(endless))
        del endless
        assert [batch.to_pylist() for batch in source.rows(Query(name="Next", sql="SELECT 1 AS a"))] == [[{"a": 1}]]


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


def test_a_connection_that_is_cut_while_rows_stream_can_be_tried_again(warehouse: str) -> None:
    sql = "SELECT generate_series(1, 200000000) AS g, pg_backend_pid() AS pid, repeat('x', 1000) AS x"
    with open_source("warehouse", warehouse, Limits(max_rows=10**9, statement_timeout_seconds=60)) as source:
        batches = iter(source.rows(Query(name="Sales", sql=sql)))
        pid = next(batches).column(1)[0].as_py()
        with owner(warehouse) as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [pid])
        words = "broke off the query 'Sales': (terminating connection|server closed|consuming input failed)"
        with pytest.raises(TransientFailure, match=words):
            list(batches)


WORK = """
import sys
from libs.common.messages import Query
from services.generator.sources import Limits, open_source
with open_source("warehouse", sys.argv[1], Limits(1000, 600)) as source:
    list(source.rows(Query(name="Long", sql="SELECT pg_sleep(3600)")))
"""


def test_the_server_ends_the_query_of_a_killed_child_by_itself(warehouse: str) -> None:
    child = subprocess.Popen([sys.executable, "-c", WORK, warehouse])

    def running() -> int:
        with owner(warehouse) as connection:
            row = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(3600)%' "
                "AND pid <> pg_backend_pid()"
            ).fetchone()
        return int(row[0]) if row else 0

    try:
        wait_until(lambda: running() == 1, PATIENCE_SECONDS, lambda: "the query did not begin")
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        wait_until(lambda: running() == 0, PATIENCE_SECONDS, lambda: "the query goes on")
    finally:
        child.kill()
        child.wait()


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT :id,\n  :id+nope FROM sales", r'column "nope" does not exist.* \(line 2, column 7\)\.'),
        ("SELECT 1\nFRM sales x", r'syntax error at or near "sales" \(line 2, column 5\)\.'),
        ("SELECT 1 / (id - :id) FROM sales", r"division by zero\."),
    ],
)
def test_an_error_in_the_sql_has_its_place(sql: str, words: str, warehouse: str) -> None:
    given = [Parameter(name="id", type="integer", value=1)]
    with pytest.raises(PermanentFailure, match=f"The query 'Sales' failed in the source 'warehouse': {words}"):
        ask(warehouse, sql, given)


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
