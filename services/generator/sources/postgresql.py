"""A PostgreSQL database as a source: one read-only transaction, so that all queries of a report see one moment.

The server writes each row as one text, the way it writes a value of a composite type, and Arrow's CSV parser turns
many of them into columns at a time: exact to the last digit, with bound parameters, streaming, and with about half of
the CPU time of the ways that are made for it (1,000,000 × 16 mixed columns, client and server together: this 3.8 s,
ADBC's COPY 4.9 s, psycopg's tuples to Arrow 19 s). ADBC needs 40 ms of CPU time to connect, which a small report
would pay for; psycopg needs 4.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
import pyarrow as pa
from psycopg import pq
from psycopg.types.string import ByteaBinaryLoader
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL

from libs.common.errors import PermanentFailure
from libs.common.messages import Parameter, Query
from services.generator.sources.cause import Cause, Nature, Place
from services.generator.sources.failures import Failures
from services.generator.sources.kept import Kept
from services.generator.sources.postgresql_rows import COMPOSITE_ROW, Shape, read_rows, shape_of
from services.generator.sources.rows import BATCH_BYTES, BATCH_ROWS, Limited, Limits, Rows
from services.generator.sources.source import Described, Guard
from services.generator.sources.statement import Numbered, numbered, without_end

_CONNECT = {
    "application_name": "pressroom",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",
}
"""libpq settings that a URL may override; without them a server that vanished would hold a report for hours."""

_BEGIN = """
    BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
    SET LOCAL default_transaction_read_only = on;
    SET LOCAL statement_timeout = {milliseconds};
    SET LOCAL client_encoding = 'UTF8';
    SET LOCAL datestyle = 'ISO';
    SET LOCAL intervalstyle = 'postgres';
    SET LOCAL bytea_output = 'hex';
    SET LOCAL extra_float_digits = 1;
    {notice}
    SAVEPOINT pressroom
"""
"""Sent at once. The last settings make every value have one text, whatever the server's settings are. All of them end
with the transaction, so a pooler may hand the server's session to somebody else then."""

_NOTICE = "SET LOCAL client_connection_check_interval = 1000;"
_GO_ON = b"ROLLBACK TO SAVEPOINT pressroom"
"""After a query that failed or was broken off the next one sees the same moment."""

_NOTICES_A_LOST_CLIENT = 140_000
"""From this version on a server can end a query whose client is gone; before, it goes on until it has rows to send."""

CASTS = {
    "text": "text",
    "integer": "bigint",
    "number": "numeric",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamp",
    "instant": "timestamptz",
}

_CHUNK_ROWS = 100 if psycopg.capabilities.has_stream_chunked() else 1
_LOOK_SECONDS = 1.0
"""A batch is handed on after this time even if it is small: whoever waits wants to know how far it is."""

_TRANSIENT_STATES = ("08", "40", "53", "57P", "58", "55P03", "25P03", "57014")
"""SQLSTATE beginnings: connection, rollback (deadlock), resources, shutdown, system, lock not available."""

_REFUSED_LOGIN = (
    "authentication failed",
    "does not exist",
    "no pg_hba.conf entry",
    "is not permitted to log in",
    "permission denied for database",
    "no password supplied",
    "invalid",
)
"""What PostgreSQL says at the door when trying again cannot help; a refused login has no SQLSTATE in libpq."""


@contextmanager
def open_postgresql(url: URL, limits: Limits, failures: Failures) -> Iterator[PostgreSQL]:
    """The database behind `url`, opened for reading only."""
    key = url.render_as_string(hide_password=False)
    try:
        connection = _reused(key) or _connect(url)
    except psycopg.Error as error:
        raise failures.of_connecting(_cause_at_the_door(error)) from error
    is_clean = False
    try:
        notices = _begin(connection, limits)
        yield PostgreSQL(connection, limits, failures, notices_a_lost_client=notices)
        is_clean = _ended(connection)
    except psycopg.Error as error:
        raise failures.of_connecting(_cause(error)) from error
    finally:
        if is_clean:
            _KEPT.keep(key, connection)
        else:
            connection.close()


class PostgreSQL:
    """An open database in one read-only transaction."""

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        limits: Limits,
        failures: Failures,
        *,
        notices_a_lost_client: bool,
    ) -> None:
        self._connection = connection
        self._limits = limits
        self._failures = failures
        self.server = f"PostgreSQL {_version(connection)}"
        self.session = "" if notices_a_lost_client else f"postgresql:{connection.info.backend_pid}"

    def rows(self, query: Query, parameters: Iterable[Parameter] = ()) -> Rows:
        statement = numbered(without_end(query.sql), parameters, CASTS)
        shape = self._described(query, statement)
        return Limited(self._batches(query, statement, shape), self._limits.max_rows)

    def columns(self, query: Query, parameters: Iterable[Parameter] = ()) -> tuple[Described, ...]:
        shape = self._described(query, numbered(without_end(query.sql), parameters, CASTS))
        return tuple(Described(column.name, column.kind) for column in shape.columns)

    def try_to_write(self) -> Guard:
        try:
            self._connection.execute("CREATE TABLE pressroom_must_not_write (it integer)")
        except psycopg.Error as error:
            return Guard(self._failures.without_secrets(_words(error)))
        finally:
            self._go_on()
        return Guard(None)

    def _go_on(self) -> None:
        with suppress(psycopg.Error):
            self._connection.execute(_GO_ON)

    def _described(self, query: Query, statement: Numbered) -> Shape:
        """What the server says of the columns before it runs anything."""
        connection = self._connection.pgconn
        started = time.monotonic()
        for result in (connection.prepare(b"", statement.sql.encode()), connection.describe_prepared(b"")):
            if result.status != pq.ExecStatus.COMMAND_OK:
                error = psycopg.errors.error_from_result(result)
                self._go_on()
                raise self._failed(query, error, statement, 0, started)
        if not result.nfields:
            raise PermanentFailure(f"The query '{query.name}' gives no rows; a report needs a SELECT.")
        try:
            return shape_of(result, self._connection)
        except psycopg.Error as error:
            raise self._failed(query, error, statement, 0, started) from error

    def _batches(self, query: Query, statement: Numbered, shape: Shape) -> Generator[pa.RecordBatch, None, None]:
        head, tail = COMPOSITE_ROW.format(values=shape.values), f"\n) AS q ({shape.aliases})"
        started = time.monotonic()
        try:
            for rows in self._chunks(f"{head}{statement.sql}{tail}", statement.values):
                yield read_rows(shape, rows)
        except psycopg.Error as error:
            raise self._failed(query, error, statement, len(head), started) from error
        finally:
            if self._connection.info.transaction_status == pq.TransactionStatus.INERROR:
                self._go_on()

    def _chunks(self, sql: str, values: tuple[object, ...]) -> Iterator[list[bytes]]:
        """The rows as the server writes them, some thousand at a time; at least one list, be it empty."""
        chunk, size, hand_on_at = list[bytes](), 0, time.monotonic() + _LOOK_SECONDS
        is_first = True
        with psycopg.RawCursor(self._connection) as cursor:
            cursor.adapters.register_loader("text", ByteaBinaryLoader)  # no detour through str
            for number, (row,) in enumerate(cursor.stream(sql, values, binary=True, size=_CHUNK_ROWS), 1):
                chunk.append(row)
                size += len(row)
                if (
                    len(chunk) == BATCH_ROWS
                    or size > BATCH_BYTES
                    or (number % _CHUNK_ROWS == 0 and time.monotonic() > hand_on_at)
                ):
                    yield chunk
                    chunk, size, hand_on_at = [], 0, time.monotonic() + _LOOK_SECONDS
                    is_first = False
        if chunk or is_first:
            yield chunk

    def _failed(
        self, query: Query, error: psycopg.Error, statement: Numbered, before: int, started: float
    ) -> Exception:
        position = error.diag.statement_position
        place = statement.place(int(position) - 1 - before) if position else None
        return self._failures.of_query(query.name, _cause(error, place), time.monotonic() - started)


_KEPT = Kept[psycopg.Connection[Any]](lambda connection: connection.close(), seconds=5.0)


def _reused(key: str) -> psycopg.Connection[Any] | None:
    """The connection of the last report, if it was to the same source and still works, as if it were new."""
    connection = _KEPT.take(key)
    if connection is None:
        return None
    try:
        connection.execute("DISCARD ALL")  # whatever a query has set, locked or left behind
    except psycopg.Error:
        connection.close()
        return None
    return connection


def _ended(connection: psycopg.Connection[Any]) -> bool:
    """End the transaction; whether the connection is as good as new then."""
    if not _is(connection, pq.TransactionStatus.INTRANS):
        return False
    connection.execute("ROLLBACK")
    return _is(connection, pq.TransactionStatus.IDLE)


def _is(connection: psycopg.Connection[Any], status: pq.TransactionStatus) -> bool:
    return connection.info.transaction_status == status


def _connect(url: URL) -> psycopg.Connection[Any]:
    # SQLAlchemy knows how several hosts are written in a URL.
    _, given = PGDialect_psycopg().create_connect_args(url.set(drivername="postgresql+psycopg"))  # type: ignore[no-untyped-call]
    given.pop("context", None)
    return psycopg.connect(**{**_CONNECT, **given})


def terminate(url: URL, pid: int) -> None:
    """End the session of the server process `pid` and what it runs. Its user may do that."""
    with _connect(url) as connection:
        connection.execute("SELECT pg_terminate_backend(%s)", [pid])


def _begin(connection: psycopg.Connection[Any], limits: Limits) -> bool:
    """Begin a limited, read-only transaction; whether the server will notice by itself that we are gone."""
    connection.autocommit = True  # the transaction begins in our words
    connection.prepare_threshold = None  # several statements in one text cannot be prepared, however often they come
    milliseconds = int(limits.statement_timeout_seconds * 1000)
    if connection.info.server_version >= _NOTICES_A_LOST_CLIENT:
        try:
            connection.execute(_BEGIN.format(milliseconds=milliseconds, notice=_NOTICE))
        except psycopg.errors.InvalidParameterValue:  # some systems cannot
            connection.execute("ROLLBACK")
        else:
            return True
    connection.execute(_BEGIN.format(milliseconds=milliseconds, notice=""))
    return False


def _version(connection: psycopg.Connection[Any]) -> str:
    return (connection.info.parameter_status("server_version") or "").partition(" ")[0]


def _words(error: psycopg.Error) -> str:
    if error.diag.message_primary:
        return ". ".join(filter(None, (error.diag.message_primary, error.diag.message_hint)))
    return str(error).removeprefix("connection failed: ") or type(error).__name__


def _cause(error: psycopg.Error, place: Place | None = None) -> Cause:
    return Cause(_words(error), _nature(error), place)


def _nature(error: psycopg.Error) -> Nature:
    state = error.sqlstate or ""
    if state == "57014":
        return "cancelled"
    if state == "25006":
        return "forbidden"
    if state:
        return "transient" if state.startswith(_TRANSIENT_STATES) else "permanent"
    return "transient" if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError) else "permanent"


def _cause_at_the_door(error: psycopg.Error) -> Cause:
    cause = _cause(error)
    is_final = not isinstance(error, psycopg.OperationalError) or any(words in cause.words for words in _REFUSED_LOGIN)
    return cause._replace(nature="permanent" if is_final else "transient")
