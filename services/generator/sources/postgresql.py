"""A PostgreSQL database as a source: one read-only transaction, so that all queries of a report see one moment."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.types.string import TextLoader
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from services.generator.sources.rows import Limits

_CONNECT = {
    "application_name": "pressroom",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "tcp_user_timeout": "60000",
}
"""libpq settings that a URL may override; without them a server that vanished would hold a report for hours."""


def postgresql_engine(url: URL, limits: Limits) -> Engine:
    """An engine whose sessions may only read and end a statement after the limit."""
    settings = {key: value for key, value in _CONNECT.items() if key not in url.query}
    engine = create_engine(url.set(drivername="postgresql+psycopg"), poolclass=NullPool, connect_args=settings)
    seconds = limits.statement_timeout_seconds

    @event.listens_for(engine, "connect")
    def restrict(connection: Any, _record: object) -> None:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
            cursor.execute("SET default_transaction_read_only = on")
            cursor.execute(f"SET statement_timeout = {int(seconds) * 1000}")
        connection.autocommit = False
        connection.read_only = True
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        # An interval has months and days that a timedelta cannot keep apart: its text can.
        connection.adapters.register_loader("interval", TextLoader)

    return engine
