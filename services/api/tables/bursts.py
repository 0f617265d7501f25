"""Personal reports: how far a burst is, who its recipients are, and what dry runs have found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class BurstRow(Base):
    """A burst, under the id of its report. `state` is a word of `libs/common/delivering.py`.

    The other words are counters: of lines that got no report and why, and of reports by how they have ended. They are
    kept with every event, so that nobody has to count ten thousand reports.
    """

    __tablename__ = "bursts"

    report_id: Mapped[UUID] = mapped_column(primary_key=True)
    state: Mapped[str]
    version: Mapped[int]
    reason: Mapped[str] = mapped_column(default="")
    changed_by: Mapped[str] = mapped_column(default="")
    recipients: Mapped[int] = mapped_column(default=0)
    duplicates: Mapped[int] = mapped_column(default=0)
    without_rows: Mapped[int | None]
    cap: Mapped[int] = mapped_column(default=0)
    canary: Mapped[int] = mapped_column(default=0)
    expires_at: Mapped[datetime | None]
    last_at: Mapped[datetime]

    without_address: Mapped[int] = mapped_column(default=0)
    invalid: Mapped[int] = mapped_column(default=0)
    not_allowed: Mapped[int] = mapped_column(default=0)
    unfit: Mapped[int] = mapped_column(default=0)

    ordered: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    partial: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    cancelled: Mapped[int] = mapped_column(default=0)
    held: Mapped[int] = mapped_column(default=0)


class BurstRecipientRow(Base):
    """A line of the recipients query. `child_id` is the report of their own; without one `refusal` says why.

    `counted` is the counter of the burst in which the report counts now; empty as long as it is under way.
    """

    __tablename__ = "burst_recipients"
    __table_args__ = (Index("ix_burst_recipients_parent_id_address_id", "parent_id", "address", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    parent_id: Mapped[UUID]
    position: Mapped[int]
    address: Mapped[str]
    name: Mapped[str]
    channel: Mapped[str]
    child_id: Mapped[UUID | None] = mapped_column(index=True)
    refusal: Mapped[str]
    reason: Mapped[str]
    counted: Mapped[str] = mapped_column(default="")


class BurstCheckRow(Base):
    """A dry run of a burst. `facts` is what a generator has answered; null until then."""

    __tablename__ = "burst_checks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID | None] = mapped_column(index=True)
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    facts: Mapped[dict[str, Any] | None]
