"""What people define: where to read, what to produce, when and for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, foreign, mapped_column, relationship

from services.api.tables.base import Base


class SourceRow(Base):
    """A database that reports read from. Its URL is kept sealed."""

    __tablename__ = "sources"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    host: Mapped[str | None]
    port: Mapped[int | None]
    database: Mapped[str]
    sealed_url: Mapped[str]
    statement_timeout_seconds: Mapped[int]
    max_rows: Mapped[int]
    concurrency: Mapped[int]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TemplateRow(Base):
    """What to produce. `parameters` holds the declarations, `queries` names and SQL, `formats` the defaults.

    `widgets`, `look`, `csv`, `checks`, `packing`, `drop`, `keeping` and `limits` are parts of the order as they
    travel, secrets sealed; what is left out in them is as by default.
    """

    __tablename__ = "templates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(ForeignKey("sources.id"), index=True)
    queries: Mapped[list[Any]]
    parameters: Mapped[list[Any]]
    formats: Mapped[list[Any]]
    widgets: Mapped[list[Any]] = mapped_column(default=list)
    look: Mapped[dict[str, Any]] = mapped_column(default=dict)
    logo_key: Mapped[str] = mapped_column(default="")
    workbook_key: Mapped[str] = mapped_column(default="")
    csv: Mapped[dict[str, Any]] = mapped_column(default=dict)
    checks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    packing: Mapped[dict[str, Any]] = mapped_column(default=dict)
    drop: Mapped[dict[str, Any] | None]
    keeping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    limits: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    source: Mapped[SourceRow] = relationship(lazy="joined", innerjoin=True)


class CalendarRow(Base):
    """Days on which nobody works. `dates` are texts in ISO 8601, `weekend` numbers with Monday = 0."""

    __tablename__ = "calendars"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    country: Mapped[str]
    subdivision: Mapped[str]
    dates: Mapped[list[Any]]
    weekend: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ProfileRow(Base):
    """A mail server and who writes through it. Exactly one is the default, once there is one."""

    __tablename__ = "smtp_profiles"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    sealed_url: Mapped[str]
    shown: Mapped[str]
    sender: Mapped[str]
    reply_to: Mapped[str]
    cc: Mapped[list[Any]]
    bcc: Mapped[list[Any]]
    per_minute: Mapped[int]
    connections: Mapped[int]
    max_megabytes: Mapped[float]
    ca_certificate: Mapped[str]
    is_default: Mapped[bool] = mapped_column(index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class DestinationRow(Base):
    """A place that is no mailbox. Its URL and its secret are kept sealed."""

    __tablename__ = "destinations"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    kind: Mapped[str]
    sealed_url: Mapped[str]
    shown: Mapped[str]
    sealed_secret: Mapped[str]
    attach: Mapped[bool]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class ScheduleRow(Base):
    """When a template is produced, with which parameters, and who receives it.

    `expected_at` is its first moment that the ledger does not account for yet; null where none is to come.
    `version` grows with every change that the timetable must hear of. `formats` is null where the template decides.
    """

    __tablename__ = "schedules"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    version: Mapped[int]
    name: Mapped[str]
    template_id: Mapped[UUID] = mapped_column(ForeignKey("templates.id"), index=True)
    frequency: Mapped[str]
    schedule_config: Mapped[dict[str, Any]]
    timezone: Mapped[str]
    starts_at: Mapped[datetime | None]
    ends_at: Mapped[datetime | None]
    parameters: Mapped[dict[str, Any]]
    formats: Mapped[list[Any] | None]
    priority: Mapped[str]
    recipients: Mapped[list[Any]]
    cc: Mapped[list[Any]] = mapped_column(default=list)
    bcc: Mapped[list[Any]] = mapped_column(default=list)
    subject: Mapped[str]
    body: Mapped[str]
    letters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    burst: Mapped[dict[str, Any] | None]
    notify: Mapped[dict[str, Any]] = mapped_column(default=dict)
    owner: Mapped[str | None]
    max_retries: Mapped[int | None]
    conditions: Mapped[dict[str, Any]] = mapped_column(default=dict)
    filename: Mapped[str] = mapped_column(default="")
    misfire: Mapped[str] = mapped_column(default="once")
    max_lateness_seconds: Mapped[int | None]
    max_catch_up: Mapped[int | None]
    max_occurrences: Mapped[int | None]
    jitter_seconds: Mapped[int] = mapped_column(default=0)
    calendar_id: Mapped[UUID | None] = mapped_column(index=True)
    on_day_off: Mapped[str] = mapped_column(default="skip")
    active: Mapped[bool]
    pause_reason: Mapped[str | None]
    expected_at: Mapped[datetime | None] = mapped_column(index=True)
    snapshot_asked: Mapped[bool] = mapped_column(default=False, index=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    template: Mapped[TemplateRow] = relationship(lazy="joined", innerjoin=True)
    calendar: Mapped[CalendarRow | None] = relationship(
        lazy="joined", viewonly=True, primaryjoin=lambda: foreign(ScheduleRow.calendar_id) == CalendarRow.id
    )
