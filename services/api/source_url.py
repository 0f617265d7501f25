"""Reads the URL of a source: which database it names, and whether we can read from it."""

from __future__ import annotations

import msgspec
from sqlalchemy import make_url
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from services.api.problems import Refused, wrong

LIKE = "it must be like postgresql://user:password@host:5432/database or sqlite:///path/to/file"

FILES = ("sqlite", "duckdb")
"""Kinds of databases that are a file."""

KINDS = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "sqlite": "sqlite",
    "duckdb": "duckdb",
    "mssql": "mssql",
    "oracle": "oracle",
    "redshift": "redshift",
    "snowflake": "snowflake",
    "bigquery": "bigquery",
    "databricks": "databricks",
    "trino": "trino",
    "clickhouse": "clickhouse",
    "clickhousedb": "clickhouse",
    "cockroachdb": "cockroachdb",
    "db2": "db2",
    "ibm_db_sa": "db2",
    "hana": "hana",
    "teradatasql": "teradata",
    "vertica": "vertica",
    "firebird": "firebird",
    "access": "access",
    "awsathena": "athena",
    "exa": "exasol",
}
"""What SQLAlchemy calls a kind of database, and what we do. Only the generator knows whether its driver is there."""


_DRIVERS = {
    "postgresql": ("psycopg", "psycopg2"),
    "mysql": ("pymysql",),
    "mariadb": ("pymysql",),
    "sqlite": ("pysqlite",),
    "duckdb": (),
}
"""What may stand after the + where Pressroom brings its own driver."""


class Database(msgspec.Struct, frozen=True):
    """What may be shown of a source's URL."""

    kind: str
    host: str | None
    port: int | None
    database: str


def read_url(url: str) -> Database:
    """The database that `url` names; Refused, without quoting the URL, if it names none that we can read."""
    parsed = _parsed(url)
    kind = KINDS.get(parsed.get_backend_name())
    _, _, driver = parsed.drivername.partition("+")
    if kind is None or (driver and driver not in _DRIVERS.get(kind, (driver,))):
        raise _refused(f"begins with {parsed.drivername}://, which Pressroom cannot read from")
    if not parsed.database:
        raise _refused("names no database")
    if kind in FILES:
        return _file(kind, parsed)
    if "@" in (parsed.host or ""):
        # What we would show as the host is the end of the password.
        raise _refused("has an @ too many; write %40 where the password has one")
    return Database(kind, parsed.host, parsed.port, parsed.database)


_SPOKEN = {"sqlite": "SQLite", "duckdb": "DuckDB"}


def _file(kind: str, parsed: URL) -> Database:
    database = parsed.database or ""
    if parsed.host:
        raise _refused(f"has a host, but a {_SPOKEN[kind]} file has none (three slashes begin a path)")
    if database.startswith((":", "file:")):
        raise _refused("names no file; a database in memory is empty for everybody else")
    return Database(kind, None, None, database)


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
        # SQLAlchemy reads the port lazily; a wrong one must be noticed here.
        if parsed.port is not None and not 0 < parsed.port < 65536:
            raise ValueError("port")
    except (ArgumentError, ValueError) as error:
        raise _refused("cannot be read as a URL") from error
    return parsed


def _refused(why: str) -> Refused:
    return wrong("url", f"url {why}; {LIKE}.")
