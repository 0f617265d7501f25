"""The generator's store: the journal."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Index, Integer, MetaData, String, Table, Text, Uuid, and_

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
    Column("source_id", Uuid),
    Column("held_since", UtcDateTime),
    Column("held_until", UtcDateTime),
    Column("cancelled_at", UtcDateTime),
    Column("cancelled_by", Text, nullable=False, server_default=""),
    Column("cancel_reason", Text, nullable=False, server_default=""),
    Column("files", Text, nullable=False, server_default="none"),
    Column("expires_at", UtcDateTime),
    Column("fingerprint", String(64)),
    Column("reused_from", Uuid),
    Column("summary", JSON(none_as_null=True)),
    Column("parent_id", Uuid),
)
"""One row per report. `state`: waiting, running, finished or failed. `attempt` counts claims from 1 and fences: only
the holder of the newest one may write a result. While it runs, `owner` holds the report until `lease_until`; `deaths`
counts owners whose lease ran out. `result` has the artifacts of a finished report; `reason` says why one failed.

`source_id` is the source of which it has a slot while it runs, or waits for one since `held_since`; it is expected back
by `held_until`. `cancelled_at` tells that somebody does not want the report: it ends as cancelled, whoever is at
work on it. `files`: none, kept (until `expires_at`), deleting or deleted. A report that may serve another one, or was
served by `reused_from`, has a `fingerprint` of what was asked and a `summary` of what its readers were told.
`parent_id` is the report whose burst it is a part of."""

Index(
    "ix_journal_owner_running",
    journal.c.owner,
    sqlite_where=journal.c.state == "running",
    postgresql_where=journal.c.state == "running",
)
Index(
    "ix_journal_source_id",
    journal.c.source_id,
    sqlite_where=and_(journal.c.source_id.is_not(None), journal.c.ended_at.is_(None)),
    postgresql_where=and_(journal.c.source_id.is_not(None), journal.c.ended_at.is_(None)),
)
Index("ix_journal_files_expires_at", journal.c.files, journal.c.expires_at)
Index("ix_journal_ended_at", journal.c.ended_at)
Index(
    "ix_journal_fingerprint",
    journal.c.fingerprint,
    journal.c.ended_at,
    sqlite_where=journal.c.fingerprint.is_not(None),
    postgresql_where=journal.c.fingerprint.is_not(None),
)

Index(
    "ix_journal_parent_id",
    journal.c.parent_id,
    journal.c.ended_at,
    sqlite_where=journal.c.parent_id.is_not(None),
    postgresql_where=journal.c.parent_id.is_not(None),
)

bursts = Table(
    "bursts",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("state", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("command", JSON, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("ordered", Integer, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("orderable", Integer, nullable=False),
    Column("pause_at", Integer),
    Column("reason", Text, nullable=False),
    Column("changed_by", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
)
"""One row per burst: see burst/bursts.py. Of the `lines` of its list, kept under `prefix`, those before `position` are
dealt with, and `ordered` of the `orderable` ones are ordered; it pauses when `pause_at` are. `version` counts the
changes of its state."""

Index("ix_bursts_state_changed_at", bursts.c.state, bursts.c.changed_at)

precedents = Table(
    "precedents",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("template_id", Uuid),
    Column("is_armed", Boolean, nullable=False),
    Column("sent_for", UtcDateTime),
    Column("digest", Text, nullable=False),
    Column("measures", JSON, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)
"""One row per schedule whose reports are compared with the one before: see judging/precedent.py."""

held_reports = Table(
    "held_reports",
    metadata,
    Column("report_id", Uuid, primary_key=True),
    Column("attempt", Integer, nullable=False),
    Column("command", JSON, nullable=False),
    Column("produced", JSON, nullable=False),
    Column("held_at", UtcDateTime, nullable=False),
)
"""All that is needed to send a report once it is approved: its command, and what was made."""
