"""A source that SQLAlchemy can open. Its answers stream: memory does not grow with the number of rows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from libs.common.errors import PermanentFailure, PressroomError
from libs.common.messages import Parameter, Query
from services.generator.sources import sqlite
from services.generator.sources.failures import Failures
from services.generator.sources.postgresql import postgresql_engine
from services.generator.sources.rows import FIRST_ROWS, Fetched, Limits, Rows
from services.generator.sources.statement import statement


class Database:
    """An open source. All its queries run in one transaction that is never committed."""

    def __init__(self, connection: Connection, failures: Failures, limits: Limits) -> None:
        self._connection = connection
        self._failures = failures
        self._limits = limits
        driver = connection.connection.driver_connection
        self._sqlite = driver if isinstance(driver, sqlite3.Connection) else None
        if self._sqlite is not None:
            sqlite.allow_reading_only(self._sqlite)

    def rows(self, query: Query, parameters: Iterable[Parameter] = ()) -> Rows:
        """The answer to `query`, with the parameters that its SQL names bound to it.

        Raises a PermanentFailure or TransientFailure in words here and while the rows are read.
        """
        clause = statement(query.sql, parameters, sqlite.adapt if self._sqlite else None)
        started = time.monotonic()

        def asked(call: Callable[[], Any]) -> Any:
            try:
                return call()
            except SQLAlchemyError as error:
                raise self._failures.of_query(query.name, error, time.monotonic() - started) from error

        if self._sqlite is not None:  # it has no statement timeout of its own; the others were told at the door
            sqlite.limit_time(self._sqlite, self._limits.statement_timeout_seconds)
        # Set on the statement: set on the connection these options do not stream (see the tests).
        streaming = clause.execution_options(stream_results=True, max_row_buffer=FIRST_ROWS)
        result = asked(lambda: self._connection.execute(streaming))
        if not result.returns_rows:
            raise PermanentFailure(f"The query '{query.name}' gives no rows; a report needs a SELECT.")

        def fetch(count: int) -> Sequence[Sequence[Any]]:
            return asked(lambda: result.fetchmany(count)) if count else ()

        return Fetched(list(result.keys()), fetch, self._limits.max_rows)


@contextmanager
def open_source(name: str, url: str, limits: Limits) -> Iterator[Database]:
    """The source behind `url`, opened for reading only; a failure is in words without the URL."""
    parsed = _parsed(name, url)
    failures = Failures(name, parsed, limits.statement_timeout_seconds)
    try:
        engine = _engine(name, parsed, limits)
        connection = engine.connect()
    except PressroomError:
        raise
    except (SQLAlchemyError, ModuleNotFoundError, TypeError, ValueError) as error:
        raise failures.of_connecting(error) from error
    try:
        yield Database(connection, failures, limits)
    finally:
        _close(connection)
        engine.dispose()


def _parsed(name: str, url: str) -> URL:
    try:
        return make_url(url)
    except (ArgumentError, ValueError) as error:
        raise PermanentFailure(f"The source '{name}' has a URL that cannot be read.") from error


def _engine(name: str, url: URL, limits: Limits) -> Engine:
    backend = url.get_backend_name()
    if backend == "sqlite":
        return sqlite.sqlite_engine(name, url)
    if backend in ("postgresql", "postgres"):
        return postgresql_engine(url, limits)
    # Of any other database we know no way to forbid writing: nothing is committed, and its user should only read.
    return create_engine(url, poolclass=NullPool)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except SQLAlchemyError:
        connection.invalidate()  # the server is gone; what happened was said when it happened
