"""What the generator tells about a report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from libs.common.messages import (
    Artifact,
    ArtifactsExpired,
    ReportCancelled,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportOrder,
    ReportProgressed,
    ReportRetrying,
    ReportSkipped,
    ReportStarted,
)
from libs.common.store import add_missing, upsert
from services.api.record.deliveries import keep_planned
from services.api.record.ending import settle
from services.api.record.standing import Standing, earliest, latest
from services.api.tables import ArtifactRow, ReportAttemptRow, ReportRow, table_of

PHASES = (
    "queued",
    "started",
    "progressed",
    "retrying",
    "held",
    "failed",
    "skipped",
    "cancelled",
    "spread",
    "generated",
)
"""How far the generator is, in the order in which the later one stands."""

FINALS = ("skipped", "cancelled", "spread", "generated")
"""Of these a report has at most one, and nothing comes after it. A failed report can be made again."""

_HELD = "held_reports"
"""Key in `Session.info`: the rows that this transaction has locked. It need not ask for them again."""

ATTEMPTS = ("running", "retrying", "held", "failed", "skipped", "cancelled", "spread", "generated")


def known_report(session: Session, report_id: UUID, at: datetime) -> ReportRow:
    """The row of this report, locked against other listeners; a first one if nothing told of it before."""
    held: dict[UUID, ReportRow] = session.info.setdefault(_HELD, {})
    row = held.get(report_id)
    if row is None or row not in session:
        row = held[report_id] = _locked(session, report_id, at)
    if row.report_type is None:
        row.created_at = earliest(row.created_at, at) or at
    row.updated_at = latest(row.updated_at, at) or at
    return row


def _locked(session: Session, report_id: UUID, at: datetime) -> ReportRow:
    row = session.get(ReportRow, report_id, with_for_update=True)
    if row is None:
        upsert(session, table_of(ReportRow), {"id": report_id, **unheard_of(at)}, key=["id"], update=[])
        row = session.get(ReportRow, report_id, with_for_update=True)
        assert row is not None
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
    advance(row, "started", event.attempt, event.at)
    keep_attempt(session, event.report_id, event.attempt, "running", started_at=event.at)
    settle(session, row)


def on_progressed(session: Session, event: ReportProgressed) -> None:
    """The attempt is this far."""
    row = known_report(session, event.report_id, event.at)
    facts = {"stage": event.stage, "rows": event.rows, "percent": event.percent}
    advance(row, "progressed", event.attempt, event.at, **facts)
    settle(session, row)


def on_retrying(session: Session, event: ReportRetrying) -> None:
    """The attempt failed and will be repeated."""
    row = known_report(session, event.report_id, event.at)
    row.max_attempts = max(row.max_attempts or 0, event.max_attempts)
    advance(row, "retrying", event.attempt, event.at, stage=event.stage, phase_reason=event.reason)
    keep_attempt(
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
    advance(row, "failed", event.attempt, event.at, **facts)
    keep_attempt(
        session, event.report_id, event.attempt, "failed", stage=event.stage, reason=event.reason, ended_at=event.at
    )
    settle(session, row)


def on_skipped(session: Session, event: ReportSkipped) -> None:
    """The source was read, and a condition of the schedule says that nobody gets a report."""
    row = known_report(session, event.report_id, event.at)
    advance(row, "skipped", event.attempt, event.at, rows=event.rows, phase_reason=event.reason)
    keep_attempt(session, event.report_id, event.attempt, "skipped", reason=event.reason, ended_at=event.at)
    settle(session, row)


def on_held(session: Session, event: ReportHeld) -> None:
    """The files exist and wait for an approval."""
    row, reason = known_report(session, event.report_id, event.at), " ".join(event.reasons)
    facts = {"rows": event.rows, "percent": 100, "notes": list(event.notes), "phase_reason": reason}
    advance(row, "held", event.attempt, event.at, **facts)
    row.expires_at = row.expires_at or event.expires_at
    keep_attempt(session, event.report_id, event.attempt, "held", reason=reason, ended_at=event.at)
    _keep_artifacts(session, event.report_id, event.artifacts)
    settle(session, row)


def on_cancelled(session: Session, event: ReportCancelled) -> None:
    """The report was stopped, or never begun, because somebody asked for it."""
    row = known_report(session, event.report_id, event.at)
    reason = f"Cancelled by {event.requested_by}" + (f": {event.reason}" if event.reason else ".")
    advance(row, "cancelled", event.attempt, event.at, phase_reason=reason)
    if event.attempt:
        keep_attempt(session, event.report_id, event.attempt, "cancelled", reason=reason, ended_at=event.at)
    settle(session, row)


def on_expired(session: Session, event: ArtifactsExpired) -> None:
    """The files were deleted because their time was over. They go all at once, so the report can remember it."""
    row = known_report(session, event.report_id, event.at)
    row.expired_at = earliest(row.expired_at, event.at)


def on_generated(session: Session, event: ReportGenerated) -> None:
    """The files exist, and the mailer has its orders."""
    row = known_report(session, event.report_id, event.at)
    advance(
        row,
        "generated",
        event.attempt,
        event.at,
        rows=event.rows,
        percent=100,
        notes=list(event.notes),
        shortfalls=list(event.shortfalls),
        query_seconds=event.query_seconds,
        render_seconds=event.render_seconds,
        store_seconds=event.store_seconds,
    )
    row.generated_at = row.phase_at
    row.expires_at = event.expires_at
    row.reused_from = event.reused_from
    row.dropped_to = event.dropped_to
    keep_attempt(session, event.report_id, event.attempt, "generated", ended_at=event.at)
    _keep_artifacts(session, event.report_id, event.artifacts)
    for planned in event.deliveries:
        keep_planned(session, event.report_id, planned, event.at)
    settle(session, row)


def unheard_of(at: datetime) -> dict[str, Any]:
    """The columns of a report of which nothing is known but that it is."""
    return {
        "status": "queued",
        "reason": "",
        "phase": "queued",
        "attempt": 0,
        "rows": 0,
        "phase_reason": "",
        "notes": [],
        "shortfalls": [],
        "created_at": at,
        "updated_at": at,
    }


def advance(row: ReportRow, phase: str, attempt: int, at: datetime, **facts: Any) -> None:
    """Let the fact stand if it is greater than the one that stands; what it does not tell is unknown again."""
    new = Standing.of(PHASES, phase, attempt, at, FINALS)
    if new <= Standing.of(PHASES, row.phase, row.attempt, row.phase_at, FINALS):
        return
    nothing: dict[str, Any] = {"stage": None, "rows": 0, "percent": None, "phase_reason": "", "error_class": None}
    for name, value in {**nothing, "notes": [], "phase": phase, "attempt": attempt, "phase_at": at, **facts}.items():
        setattr(row, name, value)


def keep_attempt(
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
    """Write what came of an attempt, unless more is known of it."""
    row = session.get(ReportAttemptRow, (report_id, attempt))
    if row is None:
        row = ReportAttemptRow(report_id=report_id, attempt=attempt, outcome="running", reason="")
        session.add(row)
    row.started_at = earliest(row.started_at, started_at)
    if ATTEMPTS.index(outcome) > ATTEMPTS.index(row.outcome):
        row.outcome, row.stage, row.reason, row.ended_at = outcome, stage, reason, ended_at


def _keep_artifacts(session: Session, report_id: UUID, artifacts: Sequence[Artifact]) -> None:
    rows = [
        {
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
        for position, artifact in enumerate(artifacts)
    ]
    add_missing(session, table_of(ArtifactRow), rows, key=["report_id", "key"])
