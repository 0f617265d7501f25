"""A SQLite file as a source: SQLite itself refuses everything but reading."""

from __future__ import annotations

import re
import sqlite3
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

from libs.common.errors import PermanentFailure
from services.generator.sources.cause import Cause, Nature, place_of_word
from services.generator.sources.database import Database, words_of
from services.generator.sources.failures import Failures
from services.generator.sources.rows import Limits
from services.generator.sources.source import Guard

_READING = {sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE}
BUSY_SECONDS = 10.0
"""How long a reader waits for a writer to finish."""

_STEPS_BETWEEN_LOOKS = 20_000
"""SQLite's virtual machine does this many steps (about a millisecond) between two looks at the clock."""

_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}
_TRANSIENT = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}

_DAY = re.compile(rb"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(rb"\d{4}-\d\d-\d\d[ T]\d\d:\d\d.*")


class SQLite(Database):
    """An open file."""

    def __init__(self, connection: Connection, failures: Failures, limits: Limits) -> None:
        super().__init__(connection, failures, limits)
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        self._driver = driver
        allow_reading_only(driver)

    def ask_server(self) -> str:
        return f"SQLite {sqlite3.sqlite_version}"

    def adapt(self, value: object) -> object:
        return adapt(value)

    def before_statement(self) -> None:
        limit_time(self._driver, self.limits.statement_timeout_seconds)

    def try_to_write(self) -> Guard:
        with suppress(SQLAlchemyError):
            self.connection.rollback()
        try:
            self.connection.exec_driver_sql("CREATE TABLE pressroom_must_not_write (it INTEGER)")
        except SQLAlchemyError as error:
            return Guard(self.failures.without_secrets(words_of(error)))
        finally:
            self.connection.rollback()
        return Guard(None)

    def cause(self, error: SQLAlchemyError, sql: str) -> Cause:
        return sqlite_cause(error, sql)


def sqlite_cause(error: Exception, sql: str = "") -> Cause:
    """What SQLite means by an error."""
    words = words_of(error)
    return Cause(words, _nature(error, words), place_of_word(sql, words))


def _nature(error: Exception, words: str) -> Nature:
    full = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    code = None if full is None else full & 0xFF  # the higher bits only refine it
    if code == sqlite3.SQLITE_INTERRUPT:
        return "cancelled"
    if code in _FORBIDDEN or (code is not None and "not authorized" in words):
        return "forbidden"
    return "transient" if code in _TRANSIENT else "permanent"


def sqlite_engine(name: str, url: URL) -> Engine:
    """An engine on the file that `url` names; a file that is not there is a PermanentFailure and is not made."""
    path = Path(url.database or "")
    if not url.database or url.database == ":memory:" or not path.is_file():
        raise PermanentFailure(f"The source '{name}' has no database: its file '{path.name}' does not exist.")

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"file:{quote(str(path.absolute()))}?mode=ro",
            uri=True,
            timeout=BUSY_SECONDS,
            detect_types=sqlite3.PARSE_DECLTYPES | sqlite3.PARSE_COLNAMES,
            check_same_thread=False,
        )
        connection.execute("PRAGMA query_only = ON")
        return connection

    return create_engine("sqlite://", creator=connect, poolclass=NullPool)


def allow_reading_only(connection: sqlite3.Connection) -> None:
    """Refuse every statement but SELECT from now on: no ATTACH, no PRAGMA, no VACUUM INTO another file."""
    connection.set_authorizer(_allow_reading)


def limit_time(connection: sqlite3.Connection, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
    """Interrupt whatever `connection` runs from now on once `seconds` have passed."""
    until = clock() + seconds
    connection.set_progress_handler(lambda: int(clock() > until), _STEPS_BETWEEN_LOOKS)


def adapt(value: object) -> object:
    """A parameter as SQLite takes it: dates and times are ISO text there, and numbers are 64 bits."""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else float(value)
    return value


def _allow_reading(action: int, *_: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


# SQLite has no dates: a column declared DATE, TIMESTAMP or BOOLEAN, or named "day [date]" in the SELECT, tells
# what its text or number means. A value that is none keeps what SQLite holds.


def _day_or_moment(value: bytes) -> object:
    if _DAY.fullmatch(value):
        return _or_text(date.fromisoformat, value)
    if _MOMENT.fullmatch(value):
        return _or_text(datetime.fromisoformat, value)
    return _plain(value)


def _truth(value: bytes) -> object:
    return {b"0": False, b"1": True}.get(value, _plain(value))


def _plain(value: bytes) -> object:
    try:
        return int(value)
    except ValueError:
        return value.decode("utf-8", "replace")


def _or_text(read: Callable[[str], object], value: bytes) -> object:
    text = value.decode("utf-8", "replace")
    try:
        return read(text)
    except ValueError:
        return text


for _declared in ("date", "datetime", "timestamp"):
    sqlite3.register_converter(_declared, _day_or_moment)
for _declared in ("boolean", "bool"):
    sqlite3.register_converter(_declared, _truth)
