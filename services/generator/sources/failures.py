"""What went wrong in a source, in words, and whether trying again can help. No URL and no password gets in."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import psycopg
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, InterfaceError, NoSuchModuleError, OperationalError, SQLAlchemyError

from libs.common.errors import PermanentFailure, PressroomError, TransientFailure

_TRANSIENT_STATES = ("08", "40", "53", "57P", "58", "55P03")
"""SQLSTATE beginnings: connection, rollback (deadlock), resources, shutdown, system, lock not available."""

_CANCELLED_STATE = "57014"
_READ_ONLY_STATE = "25006"

_SQLITE_TRANSIENT = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN}
_SQLITE_READ_ONLY = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_AUTH}

_REFUSED_LOGIN = ("authentication failed", "does not exist", "no pg_hba.conf entry", "is not permitted to log in")
"""What PostgreSQL says at the door when trying again cannot help; a refused login has no SQLSTATE in libpq."""


@dataclass(frozen=True)
class Failures:
    """Puts the errors of one source into words."""

    source: str
    url: URL
    statement_timeout_seconds: int

    def of_connecting(self, error: Exception) -> PressroomError:
        """Why the source could not be opened."""
        if isinstance(error, NoSuchModuleError | ModuleNotFoundError):
            kind = self.url.get_backend_name()
            return PermanentFailure(f"The source '{self.source}' is a '{kind}' database, and no driver for it is here.")
        message = self._message(error)
        if not isinstance(error, SQLAlchemyError) or _is_final_at_the_door(error, message):
            return PermanentFailure(f"The source '{self.source}' cannot be opened: {message}.")
        if "refused" in message:
            return TransientFailure(f"The source '{self.source}' refused the connection: {message}.")
        return TransientFailure(f"The source '{self.source}' cannot be reached: {message}.")

    def of_query(self, query: str, error: SQLAlchemyError, seconds: float) -> PressroomError:
        """Why `query` failed after it ran for `seconds`."""
        message = self._message(error)
        if _is_cancelled(error):
            return self._of_cancelling(query, message, seconds)
        if _is_read_only(error):
            return PermanentFailure(
                f"The query '{query}' does more than read, and reports may only read from the source "
                f"'{self.source}': {message}."
            )
        if _is_transient(error):
            return TransientFailure(f"The source '{self.source}' broke off the query '{query}': {message}.")
        return PermanentFailure(f"The query '{query}' failed in the source '{self.source}': {message}.")

    def _of_cancelling(self, query: str, message: str, seconds: float) -> PressroomError:
        limit = self.statement_timeout_seconds
        if seconds < limit:  # somebody at the database ended it
            return TransientFailure(f"The source '{self.source}' broke off the query '{query}': {message}.")
        return PermanentFailure(
            f"The query '{query}' ran longer than the {limit:,} seconds that the source '{self.source}' allows; "
            "let it read less, or raise the limit."
        )

    def _message(self, error: Exception) -> str:
        """The database's own words on one line, without what must stay secret."""
        cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
        words = _words(cause)
        if self.url.password:
            words = words.replace(str(self.url.password), "***")
        return " ".join(words.split()).removeprefix("connection failed: ").rstrip(".?") or type(cause).__name__


def _words(cause: BaseException) -> str:
    if isinstance(cause, psycopg.Error) and cause.diag.message_primary:
        return " ".join(filter(None, (cause.diag.message_primary, cause.diag.message_hint)))
    return str(cause)


def _sqlstate(error: SQLAlchemyError) -> str:
    orig = getattr(error, "orig", None)
    return str(getattr(orig, "sqlstate", None) or "")


def _sqlite_code(error: SQLAlchemyError) -> int | None:
    """SQLite's primary result code; the higher bits only refine it."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return None if code is None else code & 0xFF


def _is_final_at_the_door(error: Exception, message: str) -> bool:
    return not isinstance(error, OperationalError | InterfaceError) or any(words in message for words in _REFUSED_LOGIN)


def _is_cancelled(error: SQLAlchemyError) -> bool:
    return _sqlstate(error) == _CANCELLED_STATE or _sqlite_code(error) == sqlite3.SQLITE_INTERRUPT


def _is_read_only(error: SQLAlchemyError) -> bool:
    return (
        _sqlstate(error) == _READ_ONLY_STATE
        or _sqlite_code(error) in _SQLITE_READ_ONLY
        or (_sqlite_code(error) is not None and "not authorized" in str(error))
    )


def _is_transient(error: SQLAlchemyError) -> bool:
    if state := _sqlstate(error):
        return state.startswith(_TRANSIENT_STATES)
    if (code := _sqlite_code(error)) is not None:
        return code in _SQLITE_TRANSIENT
    return isinstance(error, OperationalError | InterfaceError) or (
        isinstance(error, DBAPIError) and error.connection_invalidated
    )
