"""What is shown of a report."""

from __future__ import annotations

from datetime import datetime
from typing import cast
from urllib.parse import urlencode
from uuid import UUID

from libs.common.messages import ErrorClass, FileFormat, Format, Priority, Stage
from services.api.schemas.common import OccurrenceStatus, RecipientView, ReportStatus
from services.api.schemas.reports import (
    AcceptedReport,
    ArtifactView,
    CancelAccepted,
    OccurrenceLink,
    Progress,
    ReportAttemptView,
    ReportLinks,
    ReportSummary,
    ReportView,
    Timings,
)
from services.api.tables import ArtifactRow, BurstRow, OccurrenceRow, ReportAttemptRow, ReportRow
from services.api.views.bursts import burst_view
from services.api.views.deliveries import delivery_view

REPORTS = "/api/v1/reports"


def links(report_id: UUID) -> ReportLinks:
    """Where to look next."""
    here = f"{REPORTS}/{report_id}"
    return ReportLinks(self=here, progress=f"{here}/progress/", download=f"{here}/download/")


def accepted(row: ReportRow) -> AcceptedReport:
    """The answer to a request for a report."""
    return AcceptedReport(id=row.id, status=cast("ReportStatus", row.status), links=links(row.id))


def cancel_accepted(row: ReportRow) -> CancelAccepted:
    """The answer to a request to cancel."""
    assert row.cancel_requested_at is not None
    begun = row.phase not in ("queued", "held")
    return CancelAccepted(
        id=row.id,
        status=cast("ReportStatus", row.status),
        cancel_requested_at=row.cancel_requested_at,
        detail="The report is being stopped." if begun else "The report will not be sent.",
        links=links(row.id),
    )


def progress(row: ReportRow) -> Progress:
    """How far the report is."""
    return Progress(
        id=row.id,
        status=cast("ReportStatus", row.status),
        reason=row.reason,
        stage=cast("Stage | None", row.stage),
        rows=row.rows,
        percent=row.percent,
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        updated_at=row.updated_at,
    )


def report_summary(row: ReportRow) -> ReportSummary:
    """A line in a list."""
    return ReportSummary(
        id=row.id,
        parent_id=row.parent_id,
        report_type=row.report_type,
        title=row.title,
        status=cast("ReportStatus", row.status),
        reason=row.reason,
        priority=cast("Priority | None", row.priority),
        schedule_id=row.schedule_id,
        scheduled_for=row.scheduled_for,
        is_test=row.is_test,
        rows=row.rows,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def report_view(row: ReportRow, occurrence: OccurrenceRow | None, burst: BurstRow | None = None) -> ReportView:
    """All that is known of a report."""
    return ReportView(
        id=row.id,
        parent_id=row.parent_id,
        burst=burst_view(burst) if burst is not None else None,
        report_type=row.report_type,
        title=row.title,
        source=row.source_name,
        status=cast("ReportStatus", row.status),
        reason=row.reason,
        error_class=cast("ErrorClass | None", row.error_class),
        stage=cast("Stage | None", row.stage),
        priority=cast("Priority | None", row.priority),
        parameters=row.parameters,
        formats=cast("list[Format] | None", row.formats),
        recipients=None if row.recipients is None else [RecipientView(**one) for one in row.recipients],
        requested_by=row.requested_by,
        is_test=row.is_test,
        occurrence=_occurrence(row, occurrence),
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        attempts=[_attempt(one) for one in row.attempts],
        rows=row.rows,
        notes=row.notes,
        shortfalls=row.shortfalls,
        approved_at=row.approved_at,
        approved_by=row.approved_by,
        artifacts=[_artifact(one, row) for one in row.artifacts],
        deliveries=[delivery_view(one) for one in row.deliveries],
        timings=_timings(row),
        created_at=row.created_at,
        started_at=row.started_at,
        generated_at=row.generated_at,
        ended_at=row.ended_at,
        cancel_requested_at=row.cancel_requested_at,
        expires_at=row.expires_at,
        reused_from=row.reused_from,
        dropped_to=row.dropped_to,
        links=links(row.id),
    )


def _occurrence(row: ReportRow, occurrence: OccurrenceRow | None) -> OccurrenceLink | None:
    if row.occurrence_id is None:
        return None
    return OccurrenceLink(
        id=row.occurrence_id,
        schedule_id=row.schedule_id,
        scheduled_for=row.scheduled_for,
        status=cast("OccurrenceStatus", occurrence.status) if occurrence else None,
    )


def _attempt(row: ReportAttemptRow) -> ReportAttemptView:
    return ReportAttemptView(
        attempt=row.attempt,
        outcome=row.outcome,
        stage=cast("Stage | None", row.stage),
        reason=row.reason,
        started_at=row.started_at,
        ended_at=row.ended_at,
    )


def _artifact(row: ArtifactRow, report: ReportRow) -> ArtifactView:
    query = {"format": row.format}
    if sum(one.format == row.format for one in report.artifacts) > 1:
        query = {"filename": row.filename}
    return ArtifactView(
        filename=row.filename,
        format=cast("FileFormat", row.format),
        media_type=row.media_type,
        rows=row.rows,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
        expired_at=report.expired_at,
        url=f"{links(row.report_id).download}?{urlencode(query)}",
    )


def _timings(row: ReportRow) -> Timings:
    return Timings(
        waiting_seconds=_seconds(row.created_at, row.started_at),
        query_seconds=row.query_seconds,
        render_seconds=row.render_seconds,
        store_seconds=row.store_seconds,
        delivery_seconds=_seconds(row.generated_at, row.ended_at) if row.deliveries else None,
        total_seconds=_seconds(row.created_at, row.ended_at),
    )


def _seconds(start: datetime | None, end: datetime | None) -> float | None:
    """From `start` to `end`; not below zero, even if two clocks disagree."""
    if start is None or end is None:
        return None
    return max(0.0, (end - start).total_seconds())
