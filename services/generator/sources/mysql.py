"""A MySQL or MariaDB database as a source: a read-only transaction with one snapshot for all queries of a report."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast

from pymysql import MySQLError as PyMySQLError
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, Query
from libs.common.sql_parameters import PARTS
from services.generator.sources.cause import Cause, Nature, Place, place_of_word
from services.generator.sources.database import Database, words_of
from services.generator.sources.failures import Failures
from services.generator.sources.rows import Limits
from services.generator.sources.source import Described, Guard

CONNECT_SECONDS = 10
_GRACE_SECONDS = 30
"""The server ends a query at its limit; one that says nothing for this long beyond it is gone."""

_FIRST_WORD = re.compile(r"[\s(]*(SELECT|WITH|VALUES|TABLE)\b", re.IGNORECASE)
_INTO_FILE = re.compile(r"\bINTO\s+(OUTFILE|DUMPFILE)\b", re.IGNORECASE)

_LINE = re.compile(r" at line (\d+)\s*$")

_TWO_OF_ONE_NAME = 1060
_CANCELLED = {1317, 1969, 3024}
_FORBIDDEN = {1290, 1792}
_TRANSIENT = {1040, 1053, 1077, 1079, 1080, *range(1158, 1162), 1203, 1205, 1213, 1927, 2002, 2003, 2006, 2013}
"""Too many connections, shutdown, network, lock wait, deadlock, killed connection, server gone."""

_CONVERSIONS = {**conversions, FIELD_TYPE.TIME: str}
"""MySQL's TIME runs from -838:59:59 to 838:59:59, so it is no time of day; its text is exact."""


def mysql_engine(url: URL, limits: Limits) -> Engine:
    """An engine for the server that `url` names; settings in the URL go before ours."""
    settings = {
        "connect_timeout": CONNECT_SECONDS,
        "read_timeout": limits.statement_timeout_seconds + _GRACE_SECONDS,
        "charset": "utf8mb4",
    }
    ours = {name: value for name, value in settings.items() if name not in url.query}
    return create_engine(
        url.set(drivername="mysql+pymysql"), poolclass=NullPool, connect_args={**ours, "conv": _CONVERSIONS}
    )


class MySQL(Database):
    """An open database in one read-only transaction."""

    def __init__(self, connection: Connection, failures: Failures, limits: Limits) -> None:
        self._is_mariadb = False
        self._no_rows = False
        super().__init__(connection, failures, limits)
        self._driver = cast("Any", connection.connection.driver_connection)
        self.session = f"mysql:{self._driver.thread_id()}"
        self._restrict()

    def ask_server(self) -> str:
        version = str(self.connection.exec_driver_sql("SELECT VERSION()").scalar_one())
        self._is_mariadb = "MariaDB" in version
        return f"{'MariaDB' if self._is_mariadb else 'MySQL'} {version.partition('-')[0]}"

    def checked(self, query: Query) -> str:
        # A session may leave its read-only transaction, but not by a SELECT; and a SELECT can write a file.
        if not _FIRST_WORD.match(_without_comments(query.sql)):
            raise PermanentFailure(f"The query '{query.name}' gives no rows; a report needs a SELECT.")
        if _INTO_FILE.search(_without_texts(query.sql)):
            raise PermanentFailure(
                f"The query '{query.name}' does more than read: it writes a file of the database server."
            )
        return query.sql

    def columns(self, query: Query, parameters: Iterable[Parameter] = ()) -> tuple[Described, ...]:
        given = tuple(parameters)
        try:
            return super().columns(query, given)
        except PermanentFailure as failure:
            if _code(failure.__cause__) != _TWO_OF_ONE_NAME:
                raise
        # In a subquery no two columns may have one name; so the statement itself is asked, for no rows.
        self._no_rows = True
        self.connection.exec_driver_sql("SET SESSION sql_select_limit = 0")
        try:
            return super().columns(query, given)
        finally:
            self._no_rows = False
            self.connection.exec_driver_sql("SET SESSION sql_select_limit = DEFAULT")

    def without_rows(self, sql: str) -> str:
        return sql if self._no_rows else super().without_rows(sql)

    def before_statement(self) -> None:
        self.break_off()

    def break_off(self) -> None:
        # PyMySQL would read all rows that are left, be they a thousand million, before it asks or says anything else.
        result = self._driver._result  # noqa: SLF001 - it has no other name
        if result is None or not result.unbuffered_active:
            return
        with suppress(SQLAlchemyError, PyMySQLError, OSError):
            _kill(self.failures.url, f"QUERY {self._driver.thread_id()}")
        try:
            result._finish_unbuffered_query()  # noqa: SLF001 - what is on its way, and that the query was ended
        except (PyMySQLError, OSError, AttributeError):
            result.unbuffered_active, result.connection = False, None

    def try_to_write(self) -> Guard:
        try:
            # Unlike CREATE TABLE, which would commit, this can be undone should it succeed.
            self.connection.exec_driver_sql("CREATE TEMPORARY TABLE pressroom_must_not_write (it INTEGER)")
            self.connection.exec_driver_sql("DROP TEMPORARY TABLE pressroom_must_not_write")
        except SQLAlchemyError as error:
            return Guard(self.failures.without_secrets(_spoken(error)))
        return Guard(None)

    def cause(self, error: SQLAlchemyError, sql: str) -> Cause:
        return mysql_cause(error, sql)

    def _restrict(self) -> None:
        seconds = self.limits.statement_timeout_seconds
        limit = f"max_statement_time = {seconds}" if self._is_mariadb else f"max_execution_time = {seconds * 1000}"
        for sql in (
            f"SET SESSION {limit}",
            "SET SESSION TRANSACTION READ ONLY",
            "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
            "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
        ):
            self.connection.exec_driver_sql(sql)


def mysql_cause(error: Exception, sql: str = "") -> Cause:
    """What MySQL and MariaDB mean by an error."""
    words = _spoken(error)
    line = _LINE.search(words)
    place = Place(int(line[1]), None) if line else place_of_word(sql, words)
    return Cause(_LINE.sub("", words), _nature(error), place)


def kill_session(url: URL, thread: int) -> None:
    """End the session `thread` and what it runs. Its user may do that."""
    _kill(url, str(int(thread)))


def _kill(url: URL, what: str) -> None:
    engine = mysql_engine(url, Limits(max_rows=1, statement_timeout_seconds=CONNECT_SECONDS))
    with engine.connect() as connection:
        connection.exec_driver_sql(f"KILL {what}")


def _nature(error: Exception) -> Nature:
    code = _code(error)
    if code in _CANCELLED:
        return "cancelled"
    if code in _FORBIDDEN:
        return "forbidden"
    if code is None:
        return "transient" if isinstance(error, OperationalError | InterfaceError) else "permanent"
    return "transient" if code in _TRANSIENT else "permanent"


def _code(error: BaseException | None) -> int | None:
    said = _said(error)
    return said[0] if said and isinstance(said[0], int) else None


def _spoken(error: Exception) -> str:
    said = _said(error)
    return str(said[1]) if len(said) > 1 else words_of(error)


def _said(error: BaseException | None) -> tuple[Any, ...]:
    """The number and the words of the server."""
    return tuple(getattr(getattr(error, "orig", None), "args", ()))


def _without_comments(sql: str) -> str:
    """Without what the server ignores; a comment like /*! … */ is none to it."""
    return PARTS.sub(lambda part: "" if part[0].startswith("--") or _is_comment(part[0]) else part[0], sql)


def _without_texts(sql: str) -> str:
    return PARTS.sub(lambda part: " " if part["quiet"] and not part[0].startswith("/*!") else part[0], sql)


def _is_comment(part: str) -> bool:
    return part.startswith("/*") and not part.startswith(("/*!", "/*M!"))
