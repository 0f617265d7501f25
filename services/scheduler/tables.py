"""The scheduler's store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Integer, MetaData, Table, Text, Uuid

from libs.common.store import UtcDateTime

metadata = MetaData()

timetable = Table(
    "timetable",
    metadata,
    Column("schedule_id", Uuid, primary_key=True),
    Column("version", BigInteger, nullable=False),
    Column("active", Boolean, nullable=False),
    # JSON kept as text: one row that cannot be read must not keep the others from being fetched.
    Column("timing", Text),
    Column("report_order", Text),
    Column("misfire", Text),
    Column("jitter_seconds", Integer, nullable=False, server_default="0"),
    Column("next_at", UtcDateTime, index=True),
    Column("served_for", UtcDateTime),
    Column("succeeded_for", UtcDateTime),
)
"""One row per schedule, deleted ones included.

A deleted schedule keeps its `version` and nothing else, so that an older save that arrives late does not bring it back.
`next_at` is when the next moment is served, later by the schedule's jitter; it is empty when nothing is to come:
paused, deleted, over. `served_for` is the latest moment that was started, missed or skipped; nothing up to it is
served again. `succeeded_for` is the latest moment whose report has reached everybody.
"""
