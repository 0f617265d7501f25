"""The scheduler's store."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, MetaData, Table, Text, Uuid

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
    Column("next_at", UtcDateTime, index=True),
    Column("served_for", UtcDateTime),
)
"""One row per schedule, deleted ones included.

A deleted schedule keeps its `version` and nothing else, so that an older save that arrives late does not bring it back.
`next_at` is empty when nothing is to come: paused, deleted, over. `served_for` is the latest moment that was started or
missed; nothing up to it is served again.
"""
