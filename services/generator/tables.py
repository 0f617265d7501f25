"""The generator's store: the journal."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Index, Integer, MetaData, Table, Text, Uuid

from libs.common.store import UtcDateTime

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("state", Text, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("owner", Text, nullable=False),
    Column("lease_until", UtcDateTime),
    Column("first_seen_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("reason", Text, nullable=False),
    Column("result", JSON(none_as_null=True)),
)
"""One row per report. `state`: waiting, running, finished or failed. `attempt` counts claims from 1 and fences: only
the holder of the newest one may write a result. While it runs, `owner` holds the report until `lease_until`; `deaths`
counts owners whose lease ran out. `result` has the artifacts of a finished report; `reason` says why one failed."""

Index(
    "ix_journal_owner_running",
    journal.c.owner,
    sqlite_where=journal.c.state == "running",
    postgresql_where=journal.c.state == "running",
)
