from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import URL

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Parameter, Query
from services.generator.sources import Limits, open_source

LIMITS = Limits(max_rows=1000, statement_timeout_seconds=30)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    path = tmp_path / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (day DATE, at TIMESTAMP, paid BOOLEAN, units INTEGER, price REAL)")
        connection.execute("INSERT INTO sales VALUES ('2013-01-01', '2013-01-01 05:00:00', 1, 3, 2.5)")
        connection.execute("INSERT INTO sales VALUES ('2013-02-01', NULL, 0, 9223372036854775807, NULL)")
    connection.close()
    return path


def url(path: Path) -> str:
    return URL.create("sqlite", database=str(path)).render_as_string()


def ask(path: Path, sql: str, parameters: Iterable[Parameter] = (), limits: Limits = LIMITS) -> list[dict[str, Any]]:
    with open_source("shop", url(path), limits) as source:
        rows = source.rows(Query(name="Sales", sql=sql), parameters)
        return [row for batch in rows for row in batch.to_pylist()]


def test_declared_types_tell_what_text_and_numbers_mean(shop: Path) -> None:
    assert ask(shop, "SELECT * FROM sales ORDER BY day") == [
        {
            "day": date(2013, 1, 1),
            "at": datetime.fromisoformat("2013-01-01T05:00"),
            "paid": True,
            "units": 3,
            "price": 2.5,
        },
        {"day": date(2013, 2, 1), "at": None, "paid": False, "units": 2**63 - 1, "price": None},
    ]


def test_a_name_in_the_select_can_tell_it_too(shop: Path) -> None:
    assert ask(shop, 'SELECT max(day) AS "latest [date]" FROM sales') == [{"latest": date(2013, 2, 1)}]


@pytest.mark.parametrize(("held", "read"), [("soon", "soon"), (1357034400, 1357034400), ("2013-99-99", "2013-99-99")])
def test_a_declared_date_that_is_none_stays_what_it_is(held: object, read: object, tmp_path: Path) -> None:
    path = tmp_path / "odd.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE odd (day DATE)")
        connection.execute("INSERT INTO odd VALUES (?)", [held])
    connection.close()
    assert ask(path, "SELECT day FROM odd") == [{"day": read}]


def test_parameters_are_bound_as_sqlite_keeps_them(shop: Path) -> None:
    parameters = [
        Parameter(name="day", type="date", value="2013-01-15"),
        Parameter(name="at", type="datetime", value="2013-01-01T05:00:00"),
        Parameter(name="price", type="number", value="2.5"),
        Parameter(name="units", type="number", value="3"),
        Parameter(name="evil", type="text", value="x'; DROP TABLE sales; --"),
    ]
    assert ask(shop, "SELECT units FROM sales WHERE day > :day", parameters) == [{"units": 2**63 - 1}]
    sql = "SELECT paid, :evil AS evil FROM sales WHERE at = :at AND price = :price AND units = :units"
    assert ask(shop, sql, parameters) == [{"paid": True, "evil": "x'; DROP TABLE sales; --"}]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO sales (units) VALUES (1)",
        "DELETE FROM sales",
        "UPDATE sales SET units = 0 RETURNING *",
        "WITH x AS (SELECT 1) DELETE FROM sales",
        "DROP TABLE sales",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "ATTACH DATABASE '{folder}/other.sqlite' AS other",
        "VACUUM INTO '{folder}/other.sqlite'",
        "PRAGMA query_only = OFF",
        "PRAGMA journal_mode = DELETE",
        "SELECT load_extension('x')",
    ],
)
def test_sqlite_refuses_all_but_reading(sql: str, shop: Path, tmp_path: Path) -> None:
    before = shop.read_bytes()
    with pytest.raises(PermanentFailure, match="may only read from the source 'shop'"):
        ask(shop, sql.format(folder=tmp_path))
    assert shop.read_bytes() == before
    assert not (tmp_path / "other.sqlite").exists()


def test_a_file_with_an_odd_name_is_opened(shop: Path) -> None:
    odd = shop.rename(shop.with_name("a shop's ü#?%41.sqlite"))
    assert ask(odd, "SELECT count(*) AS n FROM sales") == [{"n": 2}]


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    missing = tmp_path / "nowhere.sqlite"
    with pytest.raises(PermanentFailure, match=r"'shop' has no database: its file 'nowhere\.sqlite' does not exist"):
        ask(missing, "SELECT 1")
    assert not missing.exists()


def test_a_file_that_is_no_database_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear all, this is no database at all, however long you look at it.")
    with pytest.raises(PermanentFailure, match="file is not a database"):
        ask(path, "SELECT * FROM sales")


def test_two_statements_are_refused(shop: Path) -> None:
    with pytest.raises(PermanentFailure, match="only execute one statement"):
        ask(shop, "SELECT 1; SELECT 2")


def test_an_error_in_the_sql_has_the_databases_words(shop: Path) -> None:
    words = r"The query 'Sales' failed in the source 'shop': no such table: nope \(line 1, column 15\)\."
    with pytest.raises(PermanentFailure, match=words):
        ask(shop, "SELECT * FROM nope")


def test_a_query_that_takes_too_long_is_interrupted(shop: Path) -> None:
    endless = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) FROM n"
    with pytest.raises(PermanentFailure, match="ran longer than the 1 seconds that the source 'shop' allows"):
        ask(shop, endless, limits=Limits(max_rows=10, statement_timeout_seconds=1))


def test_a_locked_file_can_be_tried_again(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.generator.sources.sqlite.BUSY_SECONDS", 0.1)
    writer = sqlite3.connect(shop, isolation_level=None)
    writer.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(TransientFailure, match="broke off the query 'Sales': database is locked"):
            ask(shop, "SELECT * FROM sales")
    finally:
        writer.close()


@pytest.mark.parametrize("broken", ["nonsense", "postgresql://u:p@host:port/x"])
def test_a_url_that_cannot_be_read_is_not_repeated(broken: str) -> None:
    with pytest.raises(PermanentFailure) as failure, open_source("shop", broken, LIMITS):
        pass
    assert str(failure.value) == "The source 'shop' has a URL that cannot be read."


def test_an_unknown_kind_of_database_is_named() -> None:
    with (
        pytest.raises(PermanentFailure, match="'shop' is a 'cobol' database"),
        open_source("shop", "cobol://x", LIMITS),
    ):
        pass
