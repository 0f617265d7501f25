"""A source that SQLAlchemy can open. Its answers stream: memory does not grow with the number of rows.

SQLite and MySQL build on it. Of any other database we know no way to forbid writing: nothing is ever committed, and
its user should only be allowed to read.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.elements import TextClause

from libs.common.errors import PermanentFailure, PressroomError
from libs.common.messages import Parameter, Query
from services.generator.sources.cause import Cause, place_of_word
from services.generator.sources.failures import Failures
from services.generator.sources.rows import FIRST_ROWS, Fetched, Limits, Rows
from services.generator.sources.source import Described, Guard
from services.generator.sources.statement import statement, without_end


class Database:
    """An open source. All its queries run in one transaction that is never committed."""

    def __init__(self, connection: Connection, failures: Failures, limits: Limits) -> None:
        self.connection = connection
        self.failures = failures
        self.limits = limits
        self.server = self.ask_server()
        self.session = ""
        self._unfinished: Any = None  # kept alive: some drivers read all that is left of a result that is thrown away

    def rows(self, query: Query, parameters: Iterable[Parameter] = ()) -> Rows:
        clause = statement(self.checked(query), parameters, self.adapt)
        started = time.monotonic()
        # Set on the statement: set on the connection these options do not stream (see the tests).
        streaming = clause.execution_options(stream_results=True, max_row_buffer=FIRST_ROWS)
        result = self._asked(query, started, lambda: self._run(streaming))
        if not result.returns_rows:
            raise PermanentFailure(f"The query '{query.name}' gives no rows; a report needs a SELECT.")
        self._unfinished = result

        def fetch(count: int) -> Sequence[Sequence[Any]]:
            return self._asked(query, started, lambda: result.fetchmany(count)) if count else ()

        return Fetched(list(result.keys()), fetch, self.limits.max_rows)

    def columns(self, query: Query, parameters: Iterable[Parameter] = ()) -> tuple[Described, ...]:
        sql = self.checked(query)
        clause = statement(self.without_rows(sql), parameters, self.adapt)

        def names() -> list[str]:
            with self._run(clause) as result:
                if not result.returns_rows:
                    raise PermanentFailure(f"The query '{query.name}' gives no rows; a report needs a SELECT.")
                return list(result.keys())

        return tuple(Described(name, "empty") for name in self._asked(query, time.monotonic(), names))

    def try_to_write(self) -> Guard | None:
        """None: here an attempt could not be undone."""
        return None

    # What kinds of databases do in their own ways ------------------------------------------------------------

    def ask_server(self) -> str:
        """The server and its version."""
        dialect = self.connection.dialect
        version = ".".join(map(str, dialect.server_version_info or ()))
        return f"{dialect.name} {version}".strip()

    def checked(self, query: Query) -> str:
        """The SQL of `query`, if the kind of database lets us ask it."""
        return query.sql

    def without_rows(self, sql: str) -> str:
        """A statement that has the columns of `sql` and no rows."""
        return f"SELECT * FROM (\n{without_end(sql)}\n) q WHERE 1 = 0"  # noqa: S608 - the author's SQL is the point

    def adapt(self, value: object) -> object:
        """A parameter as the driver takes it."""
        return value

    def before_statement(self) -> None:
        """Called before each statement."""

    def break_off(self) -> None:
        """End what still runs; called when nobody wants more of it."""

    def cause(self, error: SQLAlchemyError, sql: str) -> Cause:
        """Why a statement failed."""
        return cause_of(error, sql)

    # ----------------------------------------------------------------------------------------------------------

    def _run(self, clause: TextClause) -> Any:
        self.before_statement()
        return self.connection.execute(clause)

    def _asked(self, query: Query, started: float, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except SQLAlchemyError as error:
            seconds = time.monotonic() - started
            raise self.failures.of_query(query.name, self.cause(error, query.sql), seconds) from error


def cause_of(error: Exception, sql: str = "") -> Cause:
    """What any driver says: connections and servers that are away are transient, everything else is not."""
    words = words_of(error)
    is_transient = isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
    return Cause(words, "transient" if is_transient else "permanent", place_of_word(sql, words))


def words_of(error: Exception) -> str:
    """The driver's own words, without the SQL that SQLAlchemy adds."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(cause) or type(cause).__name__


@contextmanager
def open_database(
    engine: Callable[[], Engine],
    kind: Callable[[Connection, Failures, Limits], Database],
    limits: Limits,
    failures: Failures,
    cause: Callable[[Exception], Cause] = cause_of,
) -> Iterator[Database]:
    """The database that `engine` leads to, as `kind` of database; `cause` reads the errors at its door."""
    try:
        made = engine()
        connection = made.connect()
    except PressroomError:
        raise
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise failures.of_driver() from error
    except (SQLAlchemyError, TypeError, ValueError) as error:
        raise failures.of_connecting(cause(error)) from error
    database = None
    try:
        try:
            database = kind(connection, failures, limits)
        except SQLAlchemyError as error:
            raise failures.of_connecting(cause(error)) from error
        yield database
    finally:
        if database is not None:
            database.break_off()
        _close(connection)
        made.dispose()


def any_engine(url: URL) -> Engine:
    """An engine for whatever SQLAlchemy knows."""
    return create_engine(url, poolclass=NullPool)


def _close(connection: Connection) -> None:
    try:
        connection.close()
    except SQLAlchemyError:
        connection.invalidate()  # the server is gone; what happened was said when it happened
