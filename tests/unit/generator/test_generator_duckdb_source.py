from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

import duckdb
import pytest

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, Query
from services.generator.sources import Limits, open_source
from services.generator.sources.source import Described

LIMITS = Limits(max_rows=1000, statement_timeout_seconds=30)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("duckdb") / "shop.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("CREATE TABLE sales AS SELECT i AS id, i * 1.50 AS price FROM range(25000) AS r (i)")
    return path


def ask(path: Path, sql: str, parameters: Iterable[Parameter] = (), limits: Limits = LIMITS) -> list[dict[str, Any]]:
    with open_source("shop", f"duckdb:///{path}", limits) as source:
        rows = source.rows(Query(name="Sales", sql=sql), parameters)
        return [row for batch in rows for row in batch.to_pylist()]


def test_every_type_arrives_exactly(shop: Path) -> None:
    sql = """
        SELECT 1.50::DECIMAL(10, 2) AS n, 170141183460469231731687303715884105727::HUGEINT AS huge,
               18446744073709551615::UBIGINT AS big, 0.1::FLOAT AS f, 'NaN'::DOUBLE AS nan, DATE '2020-01-01' AS d,
               TIME '10:11:12.5' AS t, TIMESTAMP '2020-01-01 10:00:00.000001' AS ts,
               TIMESTAMP_NS '2020-01-01 00:00:00.123456789' AS ns, TIMESTAMPTZ '2020-01-01 10:00:00+02' AS tz,
               INTERVAL '1 month 2 hours' AS i, UUID '00000000-0000-0000-0000-000000000005' AS u, [1, 2] AS l,
               {'a': 1, 'b': [1.5]} AS st, MAP {'k': 1} AS m, 'x'::BLOB AS b, true AS yes, NULL AS nothing, '' AS empty
    """
    (row,) = ask(shop, sql)
    assert str(row.pop("nan")) == "nan"
    assert row == {
        "n": "1.50",
        "huge": "170141183460469231731687303715884105727",
        "big": "18446744073709551615",
        "f": 0.1,
        "d": date(2020, 1, 1),
        "t": time(10, 11, 12, 500_000),
        "ts": datetime.fromisoformat("2020-01-01T10:00:00.000001"),
        "ns": "2020-01-01 00:00:00.123456789",
        "tz": datetime(2020, 1, 1, 8, tzinfo=UTC),
        "i": "1 month 02:00:00",
        "u": "00000000-0000-0000-0000-000000000005",
        "l": "[1,2]",
        "st": '{"a":1,"b":[1.5]}',
        "m": '{"k":1}',
        "b": b"x",
        "yes": True,
        "nothing": None,
        "empty": "",
    }


def test_parameters_are_bound_and_columns_may_share_a_name(shop: Path) -> None:
    parameters = [
        Parameter(name="price", type="number", value="1.234567890123"),
        Parameter(name="id", type="integer", value=3),
        Parameter(name="evil", type="text", value="'; DROP TABLE sales; --"),
    ]
    sql = "SELECT :price AS p, :evil AS evil, id FROM sales WHERE id = :id;"
    assert ask(shop, sql, parameters) == [{"p": "1.234567890123", "evil": "'; DROP TABLE sales; --", "id": 3}]
    with open_source("shop", f"duckdb:///{shop}", LIMITS) as source:
        assert source.columns(Query(name="Q", sql="SELECT id, price, id FROM sales WHERE id = :id"), parameters) == (
            Described("id", "integer"),
            Described("price", "numeric"),
            Described("id", "integer"),
        )
        (batch,) = source.rows(Query(name="Q", sql="SELECT 1 AS a, 2 AS a"))
        assert [column.to_pylist() for column in batch.columns] == [[1], [2]]


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO sales VALUES (1, 2)",
        "SELECT 1; DELETE FROM sales",
        "CREATE TEMP TABLE mine AS SELECT 1",
        "COPY sales TO '{folder}/stolen.csv'",
        "ATTACH '{folder}/other.duckdb'",
        "SELECT * FROM read_text('/etc/hostname')",
        "SET threads = 4",
        "PRAGMA disable_checkpoint_on_shutdown",
    ],
)
def test_duckdb_refuses_all_but_reading(sql: str, shop: Path, tmp_path: Path) -> None:
    before = shop.read_bytes()
    with pytest.raises(PermanentFailure, match="The query 'Sales'"):
        ask(shop, sql.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert shop.read_bytes() == before


def test_it_says_that_writing_is_refused(shop: Path) -> None:
    with open_source("shop", f"duckdb:///{shop}", LIMITS) as source:
        guard = source.try_to_write()
        assert guard is not None
        assert "read-only" in str(guard.refusal)
        assert source.server.startswith("DuckDB ")


def test_an_error_in_the_sql_has_its_place(shop: Path) -> None:
    given = [Parameter(name="id", type="integer", value=3)]
    with pytest.raises(PermanentFailure, match=r'"nope" not found.* \(line 2, column 7\)\.'):
        ask(shop, "SELECT :id,\n  :id+nope FROM sales", given)


def test_a_query_that_takes_too_long_is_interrupted(shop: Path) -> None:
    endless = "SELECT count(*) FROM range(100000000000) AS a, range(10000000) AS b"
    with pytest.raises(PermanentFailure, match="ran longer than the 1 seconds that the source 'shop' allows"):
        ask(shop, endless, limits=Limits(max_rows=10, statement_timeout_seconds=1))


def test_the_limit_cuts_and_counts(shop: Path) -> None:
    with open_source("shop", f"duckdb:///{shop}", LIMITS) as source:
        rows = source.rows(Query(name="Sales", sql="SELECT id FROM sales ORDER BY id"))
        assert [value for batch in rows for value in batch.column(0).to_pylist()] == list(range(1000))
        assert rows.cut is not None
        assert rows.cut.total == 25_000
        assert [batch.num_rows for batch in source.rows(Query(name="Next", sql="SELECT 1"))] == [1]


@pytest.mark.parametrize("moment", ["DATE 'infinity'", "TIMESTAMP '-infinity'", "DATE '0044-03-15 (BC)'"])
def test_a_moment_that_no_file_can_hold_is_a_clear_failure(moment: str, shop: Path) -> None:
    with pytest.raises(PermanentFailure, match="The column 'day' holds a date outside the years 1 to 9999"):
        ask(shop, f"SELECT {moment} AS day")


def test_a_missing_file_is_an_error_and_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(PermanentFailure, match=r"its file 'nowhere\.duckdb' does not exist"):
        ask(tmp_path / "nowhere.duckdb", "SELECT 1")
    assert list(tmp_path.iterdir()) == []
