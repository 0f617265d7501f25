"""What has happened to a schedule, kept in the transaction that changes the record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy.orm import Session

from libs.common.store import upsert
from services.api.schemas.common import ReportStatus
from services.api.schemas.delivery import Happening
from services.api.tables import HappeningRow, OccurrenceRow, ReportRow, ScheduleRow, table_of

MAX_REASON = 2_000
_MISHAPS: Mapping[ReportStatus, Happening] = {"failed": "failed", "partial": "partial", "held": "held"}


def on_happening(
    session: Session,
    happening: Happening,
    schedule_id: UUID,
    *,
    at: datetime,
    key: str,
    reason: str = "",
    count: int = 1,
    report_id: UUID | None = None,
    scheduled_for: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
    tell_after: timedelta = timedelta(),
) -> None:
    """Keep that this happened to the schedule; whether and when its owner is told is decided later, by the desk.

    `key` names the happening among those of the schedule: the same one said twice is one. `tell_after`: what may be
    heard until then can make the notice needless.
    """
    values = {
        "id": uuid5(schedule_id, f"{happening}:{key}"),
        "schedule_id": schedule_id,
        "cause": happening,
        "at": at,
        "count": count,
        "report_id": report_id,
        "scheduled_for": scheduled_for,
        "reason": reason[:MAX_REASON],
        "facts": dict(facts or {}),
        "tell_at": at + tell_after,
    }
    upsert(session, table_of(HappeningRow), values, key=["id"], update=[])


def on_outcome(
    session: Session, report: ReportRow, occurrence: OccurrenceRow, status: ReportStatus, at: datetime | None
) -> None:
    """The report of an expected moment has `status` now; called before the occurrence is changed.

    A report that succeeds costs nothing here (see `on_success`). Tests and the parts of a burst are not told of.
    """
    happening = _MISHAPS.get(status)
    if happening is None or occurrence.status == happening or report.is_test or report.parent_id is not None:
        return
    on_happening(
        session,
        happening,
        occurrence.schedule_id,
        at=at or report.updated_at,
        key=f"{report.id}:{report.attempt}",
        reason=report.reason,
        report_id=report.id,
        scheduled_for=occurrence.scheduled_for,
    )


def on_success(session: Session, schedule: ScheduleRow, occurrence: OccurrenceRow, at: datetime) -> None:
    """The report of an expected moment has reached everybody; only who asked for it is told."""
    if "success" in schedule.notify.get("on", ()):
        on_happening(
            session,
            "success",
            schedule.id,
            at=at,
            key=str(occurrence.id),
            report_id=occurrence.report_id,
            scheduled_for=occurrence.scheduled_for,
        )


def on_missed(session: Session, schedule_id: UUID, moments: Sequence[datetime], reason: str, at: datetime) -> None:
    """These moments passed without a report."""
    on_happening(
        session,
        "missed",
        schedule_id,
        at=at,
        key=moments[-1].isoformat(),
        reason=reason,
        count=len(moments),
        scheduled_for=moments[-1],
    )


def on_changed(
    session: Session, schedule: ScheduleRow, by: str, at: datetime, fields: Sequence[str], was: Mapping[str, Any]
) -> None:
    """Somebody changed these columns of the schedule; `was` has the `owner` and `active` that it had before."""
    act = "changed"
    if was["active"] != schedule.active:
        act = "resumed" if schedule.active else "paused"
    _keep_change(session, schedule, by, at, act, {was["owner"], schedule.owner}, sorted(fields))


def on_deleted(session: Session, schedule: ScheduleRow, by: str, at: datetime) -> None:
    """Somebody deleted the schedule."""
    _keep_change(session, schedule, by, at, "deleted", {schedule.owner}, ())


def _keep_change(
    session: Session,
    schedule: ScheduleRow,
    by: str,
    at: datetime,
    act: str,
    owners: set[str | None],
    fields: Sequence[str],
) -> None:
    """Who made the change knows of it. What the letter needs is kept: the schedule may be gone when it is written."""
    told = sorted(owner for owner in owners if owner is not None and owner != by)
    if not told:
        return
    facts = {
        "by": by,
        "act": act,
        "fields": list(fields),
        "owners": told,
        "name": schedule.name,
        "timezone": schedule.timezone,
        "notify": schedule.notify,
    }
    on_happening(session, "changed", schedule.id, at=at, key=f"{act}:{at.isoformat()}", facts=facts)
