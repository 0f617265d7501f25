"""Alembic histories, one per service, applied at start by one process at a time."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from sqlalchemy import Connection, MetaData

from libs.common.inbox import inbox
from libs.common.outbox import outbox
from libs.common.store import Store, UtcDateTime, away_is_transient

_LOCK = 0x5052_4553  # "PRES": the advisory lock that keeps two starting processes from migrating together


def migrate(store: Store, package: str) -> None:
    """Bring `store` to the newest revision in `package`, like `services.mailer.migrations`.

    TransientFailure if the database is away.
    """
    parent, _, folder = package.rpartition(".")
    config = Config()
    config.set_main_option("script_location", f"{parent}:{folder}")
    with away_is_transient(), store.writers.connect() as connection, connection.begin():
        # SQLite needs no lock of its own: a writing transaction excludes every other one.
        if not store.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def run(metadata: MetaData) -> None:
    """The body of every service's `env.py`: apply the revisions on the connection that `migrate` brought."""
    connection: Connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=with_plumbing(metadata),
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def with_plumbing(metadata: MetaData) -> MetaData:
    """A copy of a service's tables together with the outbox and inbox that every store has."""
    whole = MetaData()
    for table in (*metadata.sorted_tables, outbox, inbox):
        table.to_metadata(whole)
    return whole


def create_outbox(op: Any) -> None:
    """The outbox as of the first release; later changes to it are later revisions."""
    op.create_table(
        "outbox",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=True),
        sa.Column("message_id", sa.String(36), nullable=False),
        sa.Column("wire_name", sa.Text, nullable=False),
        sa.Column("exchange", sa.Text, nullable=False),
        sa.Column("routing_key", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=False),
        sa.Column("created_at", UtcDateTime, nullable=False),
        sa.Column("published_at", UtcDateTime),
    )
    waiting = sa.text("published_at IS NULL")
    op.create_index("outbox_unpublished", "outbox", ["id"], sqlite_where=waiting, postgresql_where=waiting)


def create_inbox(op: Any) -> None:
    """The inbox as of the first release."""
    op.create_table(
        "inbox",
        sa.Column("message_id", sa.String(36), primary_key=True),
        sa.Column("received_at", UtcDateTime, nullable=False),
    )
    op.create_index("ix_inbox_received_at", "inbox", ["received_at"])
