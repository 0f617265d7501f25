"""What the scheduler tells about the expected moments of a schedule."""

from __future__ import annotations

import msgspec
from sqlalchemy import update
from sqlalchemy.orm import Session

from libs.common import ids
from libs.common.messages import (
    OccurrenceMissed,
    OccurrencesPassed,
    OccurrencesStarted,
    OccurrenceStarted,
    SchedulePaused,
    TimetableRequested,
)
from libs.common.store import add_missing, upsert
from services.api.notices.happenings import on_happening, on_missed
from services.api.record.bursts import adopt
from services.api.record.ending import settle
from services.api.record.reports import keep_order, known_report
from services.api.tables import AuditRow, OccurrenceRow, ScheduleRow, table_of


def on_occurrences_started(session: Session, event: OccurrencesStarted) -> None:
    """Many expected moments came together."""
    for one in event.started:
        on_occurrence_started(session, OccurrenceStarted(at=event.at, **msgspec.structs.asdict(one)))


def on_occurrence_started(session: Session, event: OccurrenceStarted) -> None:
    """An expected moment came; its report may be known already from the generator or the mailer."""
    report = known_report(session, event.report_id, event.at)
    report.occurrence_id = event.occurrence_id
    report.schedule_id = event.schedule_id
    report.scheduled_for = event.scheduled_for
    keep_order(report, event.order, event.at)
    if report.phase == "spread":
        adopt(session, report)
    row = session.get(OccurrenceRow, event.occurrence_id)
    if row is None:
        row = OccurrenceRow(id=event.occurrence_id, schedule_id=event.schedule_id, scheduled_for=event.scheduled_for)
        session.add(row)
    # A moment that did produce a report was not missed, whatever was told before.
    if row.report_id is None or event.at < row.claimed_at:
        row.report_id, row.claimed_at, row.schedule_version = event.report_id, event.at, event.schedule_version
    row.jitter_seconds = event.jitter_seconds
    settle(session, report)


def on_occurrence_missed(session: Session, event: OccurrenceMissed) -> None:
    """An expected moment passed without a report."""
    values = {
        "id": event.occurrence_id,
        "schedule_id": event.schedule_id,
        "schedule_version": event.schedule_version,
        "scheduled_for": event.scheduled_for,
        "status": "missed",
        "reason": event.reason,
        "claimed_at": event.at,
        "ended_at": event.at,
    }
    if upsert(session, table_of(OccurrenceRow), values, key=["id"], update=[]):
        on_missed(session, event.schedule_id, [event.scheduled_for], event.reason, event.at)


def on_occurrences_passed(session: Session, event: OccurrencesPassed) -> None:
    """Expected moments passed without a report: missed, or skipped on purpose."""
    rows = [
        {
            "id": ids.occurrence_id(event.schedule_id, moment),
            "schedule_id": event.schedule_id,
            "schedule_version": event.schedule_version,
            "scheduled_for": moment,
            "status": event.outcome,
            "reason": event.reason,
            "claimed_at": event.at,
            "ended_at": event.at,
        }
        for moment in event.moments
    ]
    add_missing(session, table_of(OccurrenceRow), rows, key=["id"])
    if event.outcome == "missed":
        on_missed(session, event.schedule_id, event.moments, event.reason, event.at)


def on_timetable_requested(session: Session, _event: TimetableRequested) -> None:
    """A scheduler has lost its store: every schedule is announced again, by the reconciler."""
    session.execute(update(ScheduleRow).where(ScheduleRow.active.is_(True)).values(snapshot_asked=True))


def on_schedule_paused(session: Session, event: SchedulePaused) -> None:
    """The scheduler had to stop a schedule. One that was changed since has another chance."""
    paused = (
        update(ScheduleRow)
        .where(ScheduleRow.id == event.schedule_id, ScheduleRow.version <= event.version, ScheduleRow.active.is_(True))
        .values(active=False, pause_reason=event.reason, updated_at=event.at)
        .returning(ScheduleRow.id)
    )
    if session.execute(paused).one_or_none() is not None:
        key = str(event.version)
        on_happening(session, "paused", event.schedule_id, at=event.at, key=key, reason=event.reason)
        session.add(
            AuditRow(
                at=event.at,
                user_id=None,
                user_name="scheduler",
                act="paused",
                kind="schedule",
                subject_id=event.schedule_id,
                facts={"reason": event.reason},
            )
        )
