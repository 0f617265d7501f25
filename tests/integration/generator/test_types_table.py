"""Every cell of the tables in `docs/types.md`: a real database is asked, all formats are drawn, each file is read
back by a reader that is not ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path

import duckdb
import psycopg
import pytest
from sqlalchemy.engine import make_url
from type_files import Values, read_back
from type_table import Case, cases, statements

from libs.common.messages import Query
from libs.local.mariadb import PrivateMariaDB
from services.generator.answers import keep
from services.generator.render import RENDERERS
from services.generator.sources import Limits, open_source

CASES = cases()
DATABASES = ("PostgreSQL", "MySQL and MariaDB", "SQLite", "DuckDB")
COLUMNS = {"json, ndjson": ("json", "ndjson")}
"""Formats that share a column of the tables."""

Read = Callable[[str], Values]


@pytest.fixture(scope="module")
def read(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Read:
    """What the files hold, by database; each is asked once."""

    @cache
    def of(database: str) -> Values:
        folder = tmp_path_factory.mktemp("types")
        rows = [case for case in CASES if case.database == database]
        url = _FILL[database](request, folder, statements(rows))
        (folder / "answer").mkdir()
        with open_source("types", url, Limits(max_rows=10, statement_timeout_seconds=60)) as source:
            asked = source.rows(Query(name="Types", sql="SELECT * FROM cases"))
            answer = keep("Types", asked, folder / "answer", lambda done: None)
        assert (answer.rows, len(answer.columns)) == (1, len(rows))
        return read_back(answer, folder)[0]

    return of


@pytest.mark.parametrize(
    ("case", "heading", "place"),
    [
        pytest.param(case, heading, place, id=f"{database} {case.type} {case.value} → {heading}")
        for database in DATABASES
        for place, case in enumerate(case for case in CASES if case.database == database)
        for heading in case.cells
    ],
)
def test_a_value_becomes_what_the_table_says(case: Case, heading: str, place: int, read: Read) -> None:
    found = read(case.database)
    for format_ in COLUMNS.get(heading, (heading,)):
        assert found[format_][place] == case.cells[heading], format_


def test_the_tables_name_every_format() -> None:
    assert {case.database for case in CASES} == set(DATABASES)
    for case in CASES:
        named = {format_ for heading in case.cells for format_ in COLUMNS.get(heading, (heading,))}
        assert named == set(RENDERERS)


def _postgresql(request: pytest.FixtureRequest, _folder: Path, sql: tuple[str, str]) -> str:
    url: str = request.getfixturevalue("_postgres").new_database("types")
    plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain) as connection:
        for statement in sql:
            connection.execute(statement.encode())
    return url


def _mysql(request: pytest.FixtureRequest, _folder: Path, sql: tuple[str, str]) -> str:
    server: PrivateMariaDB = request.getfixturevalue("_mariadb")
    url = server.new_database("types")
    with server.connect("types") as connection, connection.cursor() as cursor:
        for statement in sql:
            cursor.execute(statement)
    return url


def _sqlite(_request: pytest.FixtureRequest, folder: Path, sql: tuple[str, str]) -> str:
    connection = sqlite3.connect(folder / "types.sqlite")
    for statement in sql:
        connection.execute(statement)
    connection.commit()
    connection.close()
    return f"sqlite:///{folder}/types.sqlite"


def _duckdb(_request: pytest.FixtureRequest, folder: Path, sql: tuple[str, str]) -> str:
    with duckdb.connect(str(folder / "types.duckdb")) as connection:
        for statement in sql:
            connection.execute(statement)
    return f"duckdb:///{folder}/types.duckdb"


_FILL: dict[str, Callable[..., str]] = {
    "PostgreSQL": _postgresql,
    "MySQL and MariaDB": _mysql,
    "SQLite": _sqlite,
    "DuckDB": _duckdb,
}
