"""What has happened to schedules that their owners want to know, and what they were told."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class HappeningRow(Base):
    """Something that happened to a schedule. `tell_at`: from when on somebody has to be told of it; null: no more.

    `count` moments or more than one only where they came together, such as those that a scheduler missed.
    """

    __tablename__ = "happenings"
    __table_args__ = (Index("ix_happenings_schedule_id_cause_at", "schedule_id", "cause", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID]
    cause: Mapped[str]
    at: Mapped[datetime]
    count: Mapped[int]
    report_id: Mapped[UUID | None]
    scheduled_for: Mapped[datetime | None]
    reason: Mapped[str]
    facts: Mapped[dict[str, Any]]
    tell_at: Mapped[datetime | None] = mapped_column(index=True)


class PaceRow(Base):
    """When the owner of a schedule was last told of a cause: the conditional write that lets it happen once an hour."""

    __tablename__ = "notice_paces"

    schedule_id: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(primary_key=True)
    told_at: Mapped[datetime]


class NoticeRow(Base):
    """One notice to one place. `state` is pending, sent, rejected, unknown, suppressed or no_address."""

    __tablename__ = "notices"
    __table_args__ = (Index("ix_notices_created_at_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    cause: Mapped[str]
    schedule_id: Mapped[UUID | None] = mapped_column(index=True)
    schedule_name: Mapped[str]
    report_id: Mapped[UUID | None]
    announcement_id: Mapped[UUID | None] = mapped_column(index=True)
    owner: Mapped[str | None]
    address: Mapped[str]
    destination: Mapped[str | None]
    subject: Mapped[str]
    sentence: Mapped[str]
    more: Mapped[int]
    state: Mapped[str]
    reason: Mapped[str]
    answer: Mapped[str]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class DigestRow(Base):
    """Until when somebody was told of everything, and when the next digest is due."""

    __tablename__ = "digests"

    owner: Mapped[str] = mapped_column(primary_key=True)
    until: Mapped[datetime]
    next_at: Mapped[datetime] = mapped_column(index=True)


class AnnouncementRow(Base):
    """What somebody announced to the owners of schedules; who got it is in the notices."""

    __tablename__ = "announcements"
    __table_args__ = (Index("ix_announcements_created_at_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    subject: Mapped[str]
    text: Mapped[str]
    scope: Mapped[dict[str, Any]]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    announced_by: Mapped[str]
    schedules: Mapped[int]
    created_at: Mapped[datetime]
