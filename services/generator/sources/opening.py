"""Opens a source for reading only, whatever kind of database it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from libs.common.errors import PermanentFailure
from services.generator.sources.database import Database, any_engine, open_database
from services.generator.sources.failures import Failures
from services.generator.sources.postgresql import open_postgresql
from services.generator.sources.rows import Limits
from services.generator.sources.source import Source
from services.generator.sources.sqlite import SQLite, sqlite_cause, sqlite_engine


@contextmanager
def open_source(name: str, url: str, limits: Limits) -> Iterator[Source]:
    """The source behind `url`; a failure is in words without the URL."""
    parsed = parsed_url(name, url)
    failures = Failures(name, parsed, limits.statement_timeout_seconds)
    with _opened(name, parsed, limits, failures) as source:
        yield source


def parsed_url(name: str, url: str) -> URL:
    """The URL of the source `name`; a PermanentFailure that does not repeat it if it cannot be read."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise PermanentFailure(f"The source '{name}' has a URL that cannot be read.") from error


def _opened(name: str, url: URL, limits: Limits, failures: Failures) -> AbstractContextManager[Source]:
    # A driver is imported when it is needed: most generators know one or two kinds of databases.
    backend = url.get_backend_name()
    if backend in ("postgresql", "postgres"):
        return open_postgresql(url, limits, failures)
    if backend == "sqlite":
        return open_database(partial(sqlite_engine, name, url), SQLite, limits, failures, sqlite_cause)
    if backend in ("mysql", "mariadb"):
        return _mysql(url, limits, failures)
    if backend == "duckdb":
        return _duckdb(name, url, limits, failures)
    return open_database(partial(any_engine, url), Database, limits, failures)


def _mysql(url: URL, limits: Limits, failures: Failures) -> AbstractContextManager[Source]:
    from services.generator.sources.mysql import MySQL, mysql_cause, mysql_engine

    return open_database(partial(mysql_engine, url, limits), MySQL, limits, failures, mysql_cause)


def _duckdb(name: str, url: URL, limits: Limits, failures: Failures) -> AbstractContextManager[Source]:
    from services.generator.sources.duckdb import open_duckdb

    return open_duckdb(name, url, limits, failures)
