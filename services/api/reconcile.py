"""Answers "what should have happened, and did it?", and closes what can no longer end by itself."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common import ids
from libs.common.errors import PermanentFailure
from libs.common.loop import Loop
from libs.common.metrics import OCCURRENCES_UNACCOUNTED
from libs.common.store import add_missing
from libs.common.timing import plan
from services.api.announcements import announce, expect
from services.api.definitions import alone
from services.api.notices.happenings import on_missed, on_outcome
from services.api.platform import Platform
from services.api.tables import OccurrenceRow, ReportRow, ScheduleRow, table_of
from services.api.timings import timing_of

log = logging.getLogger(__name__)

PAGE = 200
"""So many rows are dealt with in one transaction."""

MANY_MOMENTS = 500
"""So many moments of a schedule are looked for at once; the next step looks for more."""

EVERY_SECONDS = 5.0
ACCOUNT_EVERY = timedelta(seconds=60)
UNDER_WAY = ("queued", "running", "retrying", "delivering")
NOBODY_TOLD = "Nobody has told what became of this moment."

_TICK = timedelta(microseconds=1)


class Reconciler(Loop):
    """Compares the ledger with what the schedules say, once in a minute; tells the timetable what it asks for."""

    def __init__(self, platform: Platform) -> None:
        super().__init__("reconciler", self.reconcile, every_seconds=EVERY_SECONDS)
        self._platform = platform
        self._account_after = platform.now

    def reconcile(self) -> bool:
        """One step; True if the timetable has asked for more than fits into one."""
        if announce_asked(self._platform):
            return True
        now = self._platform.now
        if now >= self._account_after or self._account_after > now + ACCOUNT_EVERY:
            self._account_after = now + ACCOUNT_EVERY
            OCCURRENCES_UNACCOUNTED.set(account(self._platform))
            close_silent(self._platform)
        return False


def account(platform: Platform) -> int:
    """How many expected moments the ledger has no row of, though they passed some time ago.

    A moment that nobody tells of for very long is recorded as missed, so that no hole stays.
    """
    unaccounted, last = 0, UUID(int=0)
    while True:
        with platform.records.begin() as session:
            rows = _to_account(session, platform.now - platform.settings.grace, last)
            for row in rows:
                unaccounted += _account(session, row, platform)
        if len(rows) < PAGE:
            return unaccounted
        last = rows[-1].id


def _to_account(session: Session, before: datetime, last: UUID) -> Sequence[ScheduleRow]:
    query = (
        select(ScheduleRow)
        .where(ScheduleRow.active.is_(True), ScheduleRow.expected_at <= before, ScheduleRow.id > last)
        .order_by(ScheduleRow.id)
        .limit(PAGE)
        .with_for_update(of=ScheduleRow, skip_locked=True)
    )
    return session.execute(query).scalars().all()


def _account(session: Session, row: ScheduleRow, platform: Platform) -> int:
    assert row.expected_at is not None
    horizon = platform.now - platform.settings.grace - timedelta(seconds=row.jitter_seconds)
    try:
        moments = [one.at for one in islice(plan(timing_of(row), row.expected_at - _TICK), MANY_MOMENTS + 1)]
    except PermanentFailure:
        row.expected_at = None  # the scheduler cannot evaluate it either, and says so
        return 0
    come = [moment for moment in moments[:MANY_MOMENTS] if moment <= horizon]
    missing = _missing(session, row.id, come)
    given_up = [moment for moment in missing if moment <= platform.now - platform.settings.give_up]
    _give_up(session, row, given_up, platform.now)
    missing = missing[len(given_up) :]
    upcoming = moments[len(come) : len(come) + 1]
    row.expected_at = next(iter([*missing, *upcoming]), None)
    return len(missing)


def _missing(session: Session, schedule_id: UUID, moments: Sequence[datetime]) -> list[datetime]:
    wanted = {ids.occurrence_id(schedule_id, moment): moment for moment in moments}
    known = set(session.execute(select(OccurrenceRow.id).where(OccurrenceRow.id.in_(wanted))).scalars())
    return [moment for occurrence_id, moment in wanted.items() if occurrence_id not in known]


def _give_up(session: Session, row: ScheduleRow, moments: Sequence[datetime], now: datetime) -> None:
    if not moments:
        return
    values = [
        {
            "id": ids.occurrence_id(row.id, moment),
            "schedule_id": row.id,
            "schedule_version": row.version,
            "scheduled_for": moment,
            "status": "missed",
            "reason": NOBODY_TOLD,
            "claimed_at": now,
            "ended_at": now,
        }
        for moment in moments
    ]
    add_missing(session, table_of(OccurrenceRow), values, key=["id"])
    on_missed(session, row.id, moments, NOBODY_TOLD, now)
    log.error("moments that nobody told of are missed", extra={"schedule_id": str(row.id), "count": len(moments)})


def close_silent(platform: Platform) -> None:
    """Let reports end as failed that nothing was heard of for very long; what is heard later stands all the same."""
    now, hours = platform.now, platform.settings.give_up.total_seconds() / 3600
    query = (
        select(ReportRow)
        .where(ReportRow.status.in_(UNDER_WAY), ReportRow.updated_at < now - platform.settings.give_up)
        .order_by(ReportRow.created_at)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    )
    reason = f"Nothing was heard of this report for {hours:g} hours, so it will not end by itself."
    with platform.records.begin() as session:
        for report in session.execute(query).scalars().all():
            report.status, report.reason, report.ended_at = "failed", reason, now
            occurrences = select(OccurrenceRow).where(OccurrenceRow.report_id == report.id)
            for occurrence in session.execute(occurrences).scalars():
                on_outcome(session, report, occurrence, "failed", now)
                occurrence.status, occurrence.reason, occurrence.ended_at = "failed", reason, now
            log.error("a report was given up", extra={"report_id": str(report.id)})


def announce_asked(platform: Platform) -> bool:
    """Announce schedules again that the timetable has asked for; True if there were any.

    What the ledger does not account for yet counts as not served: the announcement is dated before it, and the
    misfire policy of the schedule decides what becomes of it. Should it have been served all the same, its ids say so.
    """
    asked = select(ScheduleRow.id).where(ScheduleRow.snapshot_asked.is_(True)).limit(1)
    with platform.records.read() as session:
        if session.execute(asked).first() is None:
            return False
    with platform.records.begin() as session:
        alone(session)
        now = platform.now
        query = select(ScheduleRow).where(ScheduleRow.snapshot_asked.is_(True)).order_by(ScheduleRow.id).limit(PAGE)
        for row in session.execute(query).scalars().all():
            if row.expected_at is None:
                expect(row, now)  # it was saved before there was a ledger, or it is over
            since = row.expected_at - _TICK if row.expected_at is not None else now
            announce(session, row, now, at=min(since, now))
    return True
