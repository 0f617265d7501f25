"""MariaDB as a source; MySQL speaks the same protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import make_url

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Parameter, Query
from libs.local.mariadb import PrivateMariaDB
from libs.local.waiting import wait_until
from services.generator.sources import Limits, end_session, open_source

LIMITS = Limits(max_rows=1000, statement_timeout_seconds=30)
PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateMariaDB]:
    try:
        server = PrivateMariaDB(tmp_path_factory.mktemp("mariadb") / "mariadb.log")
    except PermanentFailure as missing:
        # As for the other servers: at home the test is skipped, in CI nothing may be hidden.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))
    try:
        server.start()
        server.new_database("warehouse")
        with server.connect("warehouse") as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE sales (id bigint unsigned, price decimal(30, 2), name varchar(20))")
            cursor.execute("INSERT INTO sales SELECT seq, seq * 1.5, concat('é😀', seq) FROM seq_1_to_25000")
            cursor.execute("CREATE FUNCTION sneak() RETURNS int BEGIN DELETE FROM sales; RETURN 1; END")
        yield server
    finally:
        server.close()


@pytest.fixture
def warehouse(mariadb: PrivateMariaDB) -> str:
    return mariadb.url("warehouse")


@pytest.fixture
def sales(mariadb: PrivateMariaDB) -> Callable[[], int]:
    def count() -> int:
        with mariadb.connect("warehouse") as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM sales")
            return int(cursor.fetchone()[0])

    return count


def ask(url: str, sql: str, parameters: Iterable[Parameter] = (), limits: Limits = LIMITS) -> list[dict[str, Any]]:
    with open_source("warehouse", url, limits) as source:
        return [row for batch in source.rows(Query(name="Sales", sql=sql), parameters) for row in batch.to_pylist()]


def test_every_type_arrives_exactly(warehouse: str) -> None:
    sql = """
        SELECT CAST(1.50 AS decimal(30, 2)) AS n, 18446744073709551615 AS big, CAST(0.1 AS double) AS f,
               DATE '2020-01-01' AS d, TIME '10:11:12.5' AS t, TIMEDIFF('2020-02-01 00:00', '2020-01-01 01:00') AS took,
               TIMESTAMP '2020-01-01 10:00:00.000001' AS ts, X'6100' AS raw, TRUE AS yes, NULL AS nothing,
               JSON_OBJECT('a', 1) AS j, '' AS empty, 'é😀' AS name, CAST('0000-00-00' AS date) AS zero
    """
    assert ask(warehouse, sql) == [
        {
            "n": "1.50",
            "big": "18446744073709551615",
            "f": 0.1,
            "d": date(2020, 1, 1),
            "t": "10:11:12.5",
            "took": "743:00:00",
            "ts": datetime.fromisoformat("2020-01-01T10:00:00.000001"),
            "raw": b"a\x00",
            "yes": 1,
            "nothing": None,
            "j": '{"a": 1}',
            "empty": "",
            "name": "é😀",
            "zero": "0000-00-00",
        }
    ]


def test_parameters_are_bound_and_columns_are_described(warehouse: str) -> None:
    parameters = [
        Parameter(name="id", type="integer", value=3),
        Parameter(name="evil", type="text", value="'; DROP TABLE sales; -- \\"),
    ]
    sql = "SELECT :evil AS evil, 7 % 4 AS rest, '%' AS percent, price FROM sales WHERE id = :id;"
    assert ask(warehouse, sql, parameters) == [
        {"evil": "'; DROP TABLE sales; -- \\", "rest": 3, "percent": "%", "price": "4.50"}
    ]
    with open_source("warehouse", warehouse, LIMITS) as source:
        assert [column.name for column in source.columns(Query(name="Q", sql=sql), parameters)] == [
            "evil",
            "rest",
            "percent",
            "price",
        ]
        twins = Query(name="Q", sql="SELECT id, price, id FROM sales")
        assert [column.name for column in source.columns(twins)] == ["id", "price", "id"]
        assert sum(batch.num_rows for batch in source.rows(Query(name="Q", sql="SELECT id FROM sales LIMIT 7"))) == 7


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT sneak()",
        "INSERT INTO sales VALUES (1, 1, '')",
        "SELECT 1; DELETE FROM sales",
        "COMMIT",
        "SET SESSION TRANSACTION READ WRITE",
        "/*! SET SESSION TRANSACTION READ WRITE */",
        "SELECT 1 INTO OUTFILE '{folder}/stolen'",
        "SELECT 1 /*! INTO DUMPFILE '{folder}/stolen' */",
        "WITH x AS (SELECT 1) DELETE FROM sales",
    ],
)
def test_the_database_refuses_all_but_reading(
    sql: str, warehouse: str, sales: Callable[[], int], mariadb: PrivateMariaDB
) -> None:
    with pytest.raises(PermanentFailure, match="The query 'Sales'"):
        ask(warehouse, sql.format(folder=mariadb.folder))
    assert sales() == 25_000
    assert not (mariadb.folder / "stolen").exists()


def test_it_says_what_it_is_and_that_writing_is_refused(warehouse: str) -> None:
    with open_source("warehouse", warehouse, LIMITS) as source:
        guard = source.try_to_write()
        assert guard is not None
        assert guard.refusal == "Cannot execute statement in a READ ONLY transaction"
        assert source.server.startswith("MariaDB 1")


def test_all_queries_of_a_report_see_one_moment(mariadb: PrivateMariaDB, warehouse: str) -> None:
    count = Query(name="Count", sql="SELECT count(*) AS n FROM moments")
    with mariadb.connect("warehouse") as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE moments (id int)")
        with open_source("warehouse", warehouse, LIMITS) as source:
            before = [row for batch in source.rows(count) for row in batch.to_pylist()]
            cursor.execute("INSERT INTO moments VALUES (1)")
            assert [row for batch in source.rows(count) for row in batch.to_pylist()] == before == [{"n": 0}]


def test_the_limit_cuts_and_counts(warehouse: str) -> None:
    with open_source("warehouse", warehouse, LIMITS) as source:
        rows = source.rows(Query(name="Sales", sql="SELECT id FROM sales"))
        assert sum(batch.num_rows for batch in rows) == 1000
        assert rows.cut is not None
        assert rows.cut.total == 25_000


def test_what_a_limit_has_cut_is_not_read_to_its_end(warehouse: str) -> None:
    endless = Query(name="Endless", sql="SELECT a.id FROM sales AS a, sales AS b, sales AS c")
    with open_source("warehouse", warehouse, Limits(max_rows=1500, statement_timeout_seconds=600)) as source:
        rows = source.rows(endless)
        assert sum(batch.num_rows for batch in rows) == 1500
        assert rows.cut is not None
        assert rows.cut.total is None
        (batch,) = source.rows(Query(name="Next", sql="SELECT 1 AS a"))
        assert batch.to_pylist() == [{"a": 1}]
        next(iter(source.rows(endless)))


def test_a_query_that_takes_too_long_is_ended_by_the_database(warehouse: str) -> None:
    sql = "SELECT count(*) FROM sales AS a, sales AS b, sales AS c"
    with pytest.raises(PermanentFailure, match="ran longer than the 1 seconds that the source 'warehouse' allows"):
        ask(warehouse, sql, limits=Limits(max_rows=10, statement_timeout_seconds=1))


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT 1,\n  nope FROM sales", r"Unknown column 'nope' in '.*' \(line 2, column 3\)\."),
        ("SELECT 1\nFRM sales x", r"near 'sales x' \(line 2\)\."),
        ("SELECT * FROM missing", r"Table 'warehouse\.missing' doesn't exist \(line 1, column 15\)\."),
    ],
)
def test_an_error_in_the_sql_has_the_databases_words_and_its_place(sql: str, words: str, warehouse: str) -> None:
    with pytest.raises(PermanentFailure, match=f"The query 'Sales' failed in the source 'warehouse': .*{words}"):
        ask(warehouse, sql)


def test_a_wrong_password_is_no_matter_of_time_and_is_not_told(warehouse: str) -> None:
    url = make_url(warehouse).set(password="secret/word").render_as_string(hide_password=False)
    with pytest.raises(PermanentFailure, match="The source 'warehouse' cannot be opened: Access denied") as failure:
        ask(url, "SELECT 1")
    assert "secret" not in str(failure.value)


def test_a_connection_that_is_cut_while_rows_stream_can_be_tried_again(mariadb: PrivateMariaDB, warehouse: str) -> None:
    sql = "SELECT a.id, repeat('x', 1000) AS x FROM sales AS a, sales AS b"
    with open_source("warehouse", warehouse, Limits(max_rows=10**9, statement_timeout_seconds=60)) as source:
        batches = iter(source.rows(Query(name="Sales", sql=sql)))
        next(batches)
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"KILL {source.session.partition(':')[2]}")
        with pytest.raises(TransientFailure, match="The source 'warehouse' broke off the query 'Sales': "):
            list(batches)


WORK = """
import sys, time
from pathlib import Path
from libs.common.messages import Query
from services.generator.sources import Limits, note_session, open_source
with open_source("warehouse", sys.argv[1], Limits(1000, 600)) as source:
    note_session(Path(sys.argv[2]), source)
    list(source.rows(Query(name="Long", sql="SELECT count(*) FROM sales AS a, sales AS b, sales AS c")))
"""


def test_what_a_killed_child_leaves_running_is_ended(mariadb: PrivateMariaDB, warehouse: str, tmp_path: Path) -> None:
    """MySQL does not notice that its client is gone before it has rows to send."""
    child = subprocess.Popen([sys.executable, "-c", WORK, warehouse, str(tmp_path)])

    def running() -> int:
        with mariadb.connect() as connection, connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%FROM sales AS a%c'")
            return int(cursor.fetchone()[0])

    try:
        wait_until(lambda: running() == 1, PATIENCE_SECONDS, lambda: "the query did not begin")
        os.kill(child.pid, signal.SIGKILL)
        child.wait()
        assert running() == 1
        end_session(tmp_path, warehouse)
        wait_until(lambda: running() == 0, PATIENCE_SECONDS, lambda: "the query goes on")
    finally:
        child.kill()
        child.wait()


def test_ending_a_session_that_is_gone_does_no_harm(warehouse: str, tmp_path: Path) -> None:
    end_session(tmp_path, warehouse)
    (tmp_path / "session").write_text("mysql:999999")
    end_session(tmp_path, warehouse)
