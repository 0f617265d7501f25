"""What has happened: occurrences, reports, artifacts and deliveries, as the events tell it.

Nothing here refers to a definition by a foreign key: the record outlives what it was made from, and an event about
a thing may arrive before the one that introduces it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from services.api.tables.base import Base


class OccurrenceRow(Base):
    """One expected moment of a schedule. `status` is started, success, partial, failed, skipped or missed."""

    __tablename__ = "occurrences"
    __table_args__ = (
        Index("ix_occurrences_schedule_id_scheduled_for", "schedule_id", "scheduled_for"),
        Index("ix_occurrences_status_claimed_at", "status", "claimed_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID]
    schedule_version: Mapped[int]
    scheduled_for: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[str] = mapped_column(default="started")
    reason: Mapped[str] = mapped_column(default="")
    report_id: Mapped[UUID | None] = mapped_column(index=True)
    jitter_seconds: Mapped[int] = mapped_column(default=0)
    claimed_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ReportRow(Base):
    """One production of a template. `phase` is how far the generator is, `status` is what a person is told.

    The columns from `report_type` to `recipients` are null while only events of the generator or the mailer are
    known, and are filled when the order becomes known.
    """

    __tablename__ = "reports"
    __table_args__ = (
        Index("ix_reports_created_at_id", "created_at", "id"),
        # Lists leave out the parts of bursts, of which there may be thousands between two other reports.
        Index(
            "ix_reports_whole_created_at_id",
            "created_at",
            "id",
            sqlite_where=text("parent_id IS NULL"),
            postgresql_where=text("parent_id IS NULL"),
        ),
        Index("ix_reports_schedule_id_created_at", "schedule_id", "created_at"),
        Index("ix_reports_report_type_created_at", "report_type", "created_at"),
        Index("ix_reports_status_created_at", "status", "created_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    occurrence_id: Mapped[UUID | None]
    schedule_id: Mapped[UUID | None]
    scheduled_for: Mapped[datetime | None]
    requested_by: Mapped[str | None]
    parent_id: Mapped[UUID | None] = mapped_column(index=True)
    is_test: Mapped[bool] = mapped_column(default=False)

    report_type: Mapped[str | None]
    title: Mapped[str | None]
    source_name: Mapped[str | None]
    priority: Mapped[str | None]
    parameters: Mapped[dict[str, Any] | None]
    formats: Mapped[list[Any] | None]
    recipients: Mapped[list[Any] | None]

    status: Mapped[str]
    reason: Mapped[str]
    phase: Mapped[str]
    phase_at: Mapped[datetime | None]
    attempt: Mapped[int]
    max_attempts: Mapped[int | None]
    stage: Mapped[str | None]
    rows: Mapped[int]
    percent: Mapped[int | None]
    phase_reason: Mapped[str]
    error_class: Mapped[str | None]
    notes: Mapped[list[Any]]
    shortfalls: Mapped[list[Any]]
    approved_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    query_seconds: Mapped[float | None]
    render_seconds: Mapped[float | None]
    store_seconds: Mapped[float | None]

    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    generated_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    expired_at: Mapped[datetime | None]
    reused_from: Mapped[UUID | None]
    dropped_to: Mapped[str] = mapped_column(default="")
    cancel_requested_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]

    artifacts: Mapped[list[ArtifactRow]] = relationship(order_by="ArtifactRow.position", viewonly=True)
    attempts: Mapped[list[ReportAttemptRow]] = relationship(order_by="ReportAttemptRow.attempt", viewonly=True)
    deliveries: Mapped[list[DeliveryRow]] = relationship(order_by="DeliveryRow.address", viewonly=True)


class ReportAttemptRow(Base):
    """One try at a report. `outcome` is running, retrying, failed, held, skipped, cancelled or generated."""

    __tablename__ = "report_attempts"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str]
    stage: Mapped[str | None]
    reason: Mapped[str]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ArtifactRow(Base):
    """One finished file of a report."""

    __tablename__ = "artifacts"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int]
    filename: Mapped[str]
    format: Mapped[str]
    media_type: Mapped[str]
    size_bytes: Mapped[int]
    rows: Mapped[int]
    sha256: Mapped[str]


class DeliveryRow(Base):
    """One report to one recipient over one channel. `state` is a word of `record/deliveries.py`."""

    __tablename__ = "deliveries"
    __table_args__ = (Index("ix_deliveries_created_at_id", "created_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID] = mapped_column(ForeignKey("reports.id"), index=True)
    channel: Mapped[str]
    address: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    state: Mapped[str]
    state_at: Mapped[datetime | None]
    attempt: Mapped[int]
    max_attempts: Mapped[int | None]
    reason: Mapped[str]
    answer: Mapped[str]
    error_class: Mapped[str | None]
    rfc_message_id: Mapped[str | None]
    queue_id: Mapped[str] = mapped_column(default="")
    form: Mapped[str] = mapped_column(default="")
    bytes: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    attempts: Mapped[list[DeliveryAttemptRow]] = relationship(order_by="DeliveryAttemptRow.attempt", viewonly=True)


class DeliveryAttemptRow(Base):
    """One try at a delivery, with the remote server's answer. `outcome` is sent, deferred, rejected or unknown."""

    __tablename__ = "delivery_attempts"

    delivery_id: Mapped[UUID] = mapped_column(ForeignKey("deliveries.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    outcome: Mapped[str]
    at: Mapped[datetime]
    reason: Mapped[str]
    answer: Mapped[str]
    seconds: Mapped[float | None]
