"""What is shown of an occurrence: what became of an expected moment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.api.schemas.common import OccurrenceStatus
from services.api.schemas.schedules import OccurrenceView
from services.api.tables import DeliveryRow, OccurrenceRow, ReportRow


def occurrence_views(session: Session, occurrences: Sequence[OccurrenceRow]) -> list[OccurrenceView]:
    """The occurrences with the rows and the recipients of their reports."""
    report_ids = [one.report_id for one in occurrences if one.report_id is not None]
    rows = _rows(session, report_ids)
    sent_to = _sent_to(session, report_ids)
    return [_view(one, rows, sent_to) for one in occurrences]


def _view(row: OccurrenceRow, rows: dict[UUID, int | None], sent_to: dict[UUID, list[str]]) -> OccurrenceView:
    started = row.report_id is not None
    return OccurrenceView(
        id=row.id,
        schedule_id=row.schedule_id,
        schedule_version=row.schedule_version,
        scheduled_for=row.scheduled_for,
        status=cast("OccurrenceStatus", row.status),
        lateness_seconds=max(0.0, (row.claimed_at - row.scheduled_for).total_seconds() - row.jitter_seconds),
        duration_seconds=(
            max(0.0, (row.ended_at - row.claimed_at).total_seconds()) if started and row.ended_at else None
        ),
        ended_at=row.ended_at,
        rows=rows.get(row.report_id) if row.report_id else None,
        sent_to=sent_to.get(row.report_id, []) if row.report_id else [],
        error=row.reason or None,
        report_id=row.report_id,
    )


_READ = ("generated", "held", "skipped")
"""Phases in which all rows have been read."""


def _rows(session: Session, report_ids: Sequence[UUID]) -> dict[UUID, int | None]:
    query = select(ReportRow.id, ReportRow.rows).where(ReportRow.id.in_(report_ids), ReportRow.phase.in_(_READ))
    return {row.id: row.rows for row in session.execute(query)}


def _sent_to(session: Session, report_ids: Sequence[UUID]) -> dict[UUID, list[str]]:
    query = (
        select(DeliveryRow.report_id, DeliveryRow.address)
        .where(DeliveryRow.report_id.in_(report_ids), DeliveryRow.state == "sent")
        .order_by(DeliveryRow.address)
    )
    found: dict[UUID, list[str]] = {}
    for report_id, address in session.execute(query).all():
        found.setdefault(report_id, []).append(address)
    return found
