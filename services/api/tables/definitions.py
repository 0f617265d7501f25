"""What people define: where to read, what to produce, when and for whom."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship

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
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TemplateRow(Base):
    """What to produce. `parameters` holds the declarations, `queries` names and SQL, `formats` the defaults."""

    __tablename__ = "templates"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str]
    source_id: Mapped[UUID] = mapped_column(ForeignKey("sources.id"), index=True)
    queries: Mapped[list[Any]]
    parameters: Mapped[list[Any]]
    formats: Mapped[list[Any]]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    source: Mapped[SourceRow] = relationship(lazy="joined", innerjoin=True)


class ScheduleRow(Base):
    """When a template is produced, with which parameters, and who receives it.

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
    subject: Mapped[str]
    body: Mapped[str]
    active: Mapped[bool]
    pause_reason: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]

    template: Mapped[TemplateRow] = relationship(lazy="joined", innerjoin=True)
