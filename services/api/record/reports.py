"""What the generator tells about a report."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from libs.common.messages import (
    Artifact,
    ReportFailed,
    ReportGenerated,
    ReportOrder,
    ReportProgressed,
    ReportRetrying,
    ReportStarted,
)
from libs.common.store import upsert
from services.api.record.deliveries import keep_planned
from services.api.record.ending import settle
from services.api.record.standing import Standing, earliest, latest
from services.api.tables import ArtifactRow, ReportAttemptRow, ReportRow, table_of

PHASES = ("queued", "started", "progressed", "retrying", "failed", "generated")
"""How far the generator is, in the order in which the later one stands."""

ATTEMPTS = ("running", "retrying", "failed", "generated")


def known_report(session: Session, report_id: UUID, at: datetime) -> ReportRow:
    """The row of this report, locked against other listeners; a first one if nothing told of it before."""
    row = session.get(ReportRow, report_id, with_for_update=True)
    if row is None:
        upsert(session, table_of(ReportRow), {"id": report_id, **_unheard_of(at)}, key=["id"], update=[])
        row = session.get(ReportRow, report_id, with_for_update=True)
        assert row is not None
    if row.report_type is None:
        row.created_at = earliest(row.created_at, at) or at
    row.updated_at = latest(row.updated_at, at) or at
    return row


def keep_order(row: ReportRow, order: ReportOrder, at: datetime) -> None:
    """Write what was ordered at `at`; of two orders for one report the first counts, as it does for the generator."""
    if row.report_type is not None and row.created_at <= at:
        return
    row.created_at = at
    row.report_type = order.template.slug
    row.title = order.template.title
    row.source_name = order.source.name
    row.priority = order.priority
    row.parameters = {one.name: one.value for one in order.parameters}
    row.formats = list(order.formats)
    row.recipients = [{"address": one.address, "name": one.name} for one in order.delivery.recipients]
    row.max_attempts = max(row.max_attempts or 0, order.max_retries + 1)


def on_started(session: Session, event: ReportStarted) -> None:
    """A generator has begun an attempt."""
    row = known_report(session, event.report_id, event.at)
    row.started_at = earliest(row.started_at, event.at)
    _advance(row, "started", event.attempt, event.at)
    _keep_attempt(session, event.report_id, event.attempt, "running", started_at=event.at)
    settle(session, row)


def on_progressed(session: Session, event: ReportProgressed) -> None:
    """The attempt is this far."""
    row = known_report(session, event.report_id, event.at)
    facts = {"stage": event.stage, "rows": event.rows, "percent": event.percent}
    _advance(row, "progressed", event.attempt, event.at, **facts)
    settle(session, row)


def on_retrying(session: Session, event: ReportRetrying) -> None:
    """The attempt failed and will be repeated."""
    row = known_report(session, event.report_id, event.at)
    row.max_attempts = max(row.max_attempts or 0, event.max_attempts)
    _advance(row, "retrying", event.attempt, event.at, stage=event.stage, phase_reason=event.reason)
    _keep_attempt(
        session,
        event.report_id,
        event.attempt,
        "retrying",
        stage=event.stage,
        reason=event.reason,
        ended_at=event.at,
    )
    settle(session, row)


def on_failed(session: Session, event: ReportFailed) -> None:
    """The report will not come."""
    row = known_report(session, event.report_id, event.at)
    facts = {"stage": event.stage, "phase_reason": event.reason, "error_class": event.error_class}
    _advance(row, "failed", event.attempt, event.at, **facts)
    _keep_attempt(
        session, event.report_id, event.attempt, "failed", stage=event.stage, reason=event.reason, ended_at=event.at
    )
    settle(session, row)


def on_generated(session: Session, event: ReportGenerated) -> None:
    """The files exist, and the mailer has its orders."""
    row = known_report(session, event.report_id, event.at)
    _advance(
        row,
        "generated",
        event.attempt,
        event.at,
        rows=event.rows,
        percent=100,
        notes=list(event.notes),
        query_seconds=event.query_seconds,
        render_seconds=event.render_seconds,
        store_seconds=event.store_seconds,
    )
    row.generated_at = row.phase_at
    _keep_attempt(session, event.report_id, event.attempt, "generated", ended_at=event.at)
    for position, artifact in enumerate(event.artifacts):
        _keep_artifact(session, event.report_id, position, artifact)
    for planned in event.deliveries:
        keep_planned(session, event.report_id, planned, event.at)
    settle(session, row)


def _unheard_of(at: datetime) -> dict[str, Any]:
    return {
        "status": "queued",
        "reason": "",
        "phase": "queued",
        "attempt": 0,
        "rows": 0,
        "phase_reason": "",
        "notes": [],
        "created_at": at,
        "updated_at": at,
    }


def _advance(row: ReportRow, phase: str, attempt: int, at: datetime, **facts: Any) -> None:
    """Let the fact stand if it is greater than the one that stands; what it does not tell is unknown again."""
    new = Standing.of(PHASES, phase, attempt, at)
    if new <= Standing.of(PHASES, row.phase, row.attempt, row.phase_at):
        return
    nothing = {"stage": None, "rows": 0, "percent": None, "phase_reason": "", "error_class": None}
    for name, value in {**nothing, "phase": phase, "attempt": attempt, "phase_at": at, **facts}.items():
        setattr(row, name, value)


def _keep_attempt(
    session: Session,
    report_id: UUID,
    attempt: int,
    outcome: str,
    *,
    stage: str | None = None,
    reason: str = "",
    started_at: datetime | None = None,
    ended_at: datetime | None = None,
) -> None:
    row = session.get(ReportAttemptRow, (report_id, attempt))
    if row is None:
        row = ReportAttemptRow(report_id=report_id, attempt=attempt, outcome="running", reason="")
        session.add(row)
    row.started_at = earliest(row.started_at, started_at)
    if ATTEMPTS.index(outcome) > ATTEMPTS.index(row.outcome):
        row.outcome, row.stage, row.reason, row.ended_at = outcome, stage, reason, ended_at


def _keep_artifact(session: Session, report_id: UUID, position: int, artifact: Artifact) -> None:
    values = {
        "report_id": report_id,
        "key": artifact.key,
        "position": position,
        "filename": artifact.filename,
        "format": artifact.format,
        "media_type": artifact.media_type,
        "size_bytes": artifact.size_bytes,
        "rows": artifact.rows,
        "sha256": artifact.sha256,
    }
    upsert(session, table_of(ArtifactRow), values, key=["report_id", "key"], update=[])
