"""A service's own database: SQLite with one writer, or PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, Dialect, Engine, Executable, Table, create_engine, event, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.types import TypeDecorator

from libs.common.errors import SettingsError, TransientFailure

BUSY_SECONDS = 30
"""How long a SQLite writer waits for another one before it gives up."""

ANNOUNCE = "announce"
"""Key in `Session.info`: what the outbox wants to be called at the end of a transaction that has something to send."""

IN_HURRY = "in hurry"
"""Key in `Session.info`: whether anybody has to be told at once that there is something to send."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant in UTC, the same on SQLite (which knows no zones) and PostgreSQL."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Store:
    """Sessions on one database. `url`: `sqlite:///path` or `postgresql://user:password@host/database`."""

    def __init__(self, url: str) -> None:
        self.url = _normalised(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = _sqlite_engine(self.url) if self.is_sqlite else _postgresql_engine(self.url)
        self.writers = self.engine.execution_options(writes=True)
        self.hasty_writers = self.engine.execution_options(writes=True, synchronous="NORMAL")
        self._listeners: list[Callable[[], None]] = []

    @contextmanager
    def begin(self, *, may_be_lost: bool = False) -> Iterator[Session]:
        """A writing transaction: committed at the end, rolled back by an exception.

        `may_be_lost`: a power cut (no other end of the process) may undo it as long as no other transaction follows;
        it then need not wait for the disk. Only SQLite makes the difference.
        """
        engine = self.hasty_writers if may_be_lost else self.writers
        with away_is_transient(), Session(engine, expire_on_commit=False) as session, session.begin():
            yield session
            if announce := session.info.get(ANNOUNCE):
                announce()
        if announce and session.info.get(IN_HURRY, True):
            for listener in self._listeners:
                listener()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session for reading only; on SQLite it never waits for the writer."""
        with away_is_transient(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self, *, may_be_lost: bool = False) -> Iterator[Connection]:
        """As `begin`, without a session and without announcements: for statements that are executed all the time."""
        engine = self.hasty_writers if may_be_lost else self.writers
        with away_is_transient(), engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """As `read`, without a session."""
        with away_is_transient(), self.engine.connect() as connection:
            yield connection

    def on_announcement(self, listener: Callable[[], None]) -> None:
        """Call `listener` after each commit that put something into the outbox."""
        self._listeners.append(listener)

    def ping(self) -> None:
        """Raise a TransientFailure unless the database answers."""
        with self.read() as session:
            session.connection().exec_driver_sql("SELECT 1")

    def dispose(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def upsert(session: Session, table: Table, values: dict[str, Any], key: Sequence[str], update: Sequence[str]) -> bool:
    """INSERT … ON CONFLICT (`key`) DO UPDATE `update`, or DO NOTHING if that is empty; True if a row was written."""
    statement = _upsert(session.get_bind().dialect.name, table, tuple(key), tuple(update))
    done = session.connection().execute(statement, values)
    return bool(done.rowcount)


@lru_cache
def _upsert(dialect: str, table: Table, key: tuple[str, ...], update: tuple[str, ...]) -> Executable:
    # Built once for each use: to build a statement costs more than to execute it.
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    statement = insert(table)
    if update:
        statement = statement.on_conflict_do_update(
            index_elements=key, set_={name: statement.excluded[name] for name in update}
        )
    else:
        statement = statement.on_conflict_do_nothing(index_elements=key)
    # Without the option psycopg's count of an INSERT is thrown away, and -1 says nothing.
    counted: Executable = statement.execution_options(preserve_rowcount=True)
    return counted


def add_missing(session: Session, table: Table, rows: Sequence[dict[str, Any]], key: Sequence[str]) -> None:
    """INSERT … ON CONFLICT (`key`) DO NOTHING of many rows."""
    if rows:
        statement = _upsert(session.get_bind().dialect.name, table, tuple(key), ())
        session.connection().execute(statement, list(rows))


def _normalised(url: str) -> URL:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        raise SettingsError(
            "A store URL must read sqlite:///path or postgresql://user:password@host/database."
        ) from None  # its own text may hold a password
    drivers = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
    backend = parsed.drivername.partition("+")[0]
    if backend not in drivers:
        raise SettingsError(f"A store lives in SQLite or PostgreSQL, not in {backend}.")
    return parsed.set(drivername=drivers[backend])


def _postgresql_engine(url: URL) -> Engine:
    return create_engine(url, pool_pre_ping=True, pool_size=5, max_overflow=10, connect_args={"connect_timeout": 10})


def _sqlite_engine(url: URL) -> Engine:
    if url.database and url.database != ":memory:":
        _make_folder(Path(url.database).parent)
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"The folder of a store, {folder}, cannot be made: {error.strerror}.") from error


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves, see _begin_sqlite
    cursor = connection.cursor()
    # WAL lets readers go on beside the writer.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={BUSY_SECONDS * 1000}"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins as a reader and writes later can fail with "database is locked" at once,
    # without waiting; a writer therefore takes the lock at its beginning.
    options = connection.get_execution_options()
    # FULL: a commit survives a power cut, as "record first" promises. It does so together with all before it.
    synchronous = options.get("synchronous", "FULL")
    if connection.info.get("synchronous") != synchronous:
        connection.exec_driver_sql(f"PRAGMA synchronous={synchronous}")
        connection.info["synchronous"] = synchronous
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes", False) else "BEGIN")


@contextmanager
def away_is_transient() -> Iterator[None]:
    """Turn "the database is away, locked or full" into a TransientFailure with a sentence."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or (isinstance(error, OperationalError) and not _is_our_mistake(error)):
            cause = str(error.orig).strip().splitlines()[0]
            raise TransientFailure(f"The store is away, locked or out of space: {cause}") from error
        raise
    except PoolTimeout as error:
        raise TransientFailure("The store is busy: all connections to it are in use.") from error


def _is_our_mistake(error: OperationalError) -> bool:
    # SQLite reports a wrong statement under the same class as a locked file.
    return any(words in str(error.orig) for words in ("no such", "syntax error", "has no column"))
