"""The part of the api that tells owners what has happened: soon, but of one cause at most once an hour.

Several api processes may run: one at a time tells, who told is decided by a conditional write, and the happenings, the
notice and the command to the mailer change in one transaction.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from libs.common.loop import Loop
from libs.common.store import upsert
from services.api.notices.digests import make_digests
from services.api.notices.moments import next_due
from services.api.notices.orders import Occasion, tell_destination, tell_owner
from services.api.notices.wording import Case, draft
from services.api.platform import Platform
from services.api.schemas.delivery import Notify
from services.api.tables import HappeningRow, PaceRow, ReportRow, ScheduleRow, table_of

log = logging.getLogger(__name__)

EVERY_SECONDS = 2.0
PACE = timedelta(hours=1)
PAGE = 50
"""So many happenings are dealt with in one transaction, which must not hold up those who keep the record for long."""

_LOCK = 0x5052_4E4F  # "PRNO"

DIGESTS_EVERY = timedelta(seconds=60)
_PASSING = frozenset({"failed", "partial", "held"})
"""What a report must still be for its owner to be told so; one that was approved at once needs no approval."""


class NoticeDesk(Loop):
    """Looks for what nobody was told of, every two seconds, and for digests that are due, every minute."""

    def __init__(self, platform: Platform) -> None:
        super().__init__("notices", self.step, every_seconds=EVERY_SECONDS)
        self._platform = platform
        self._digests_after = platform.now

    def step(self) -> bool:
        """One step; True if there may be more to tell."""
        now = self._platform.now
        if now >= self._digests_after or self._digests_after > now + DIGESTS_EVERY:
            self._digests_after = now + DIGESTS_EVERY
            make_digests(self._platform)
        return tell_happenings(self._platform)


def tell_happenings(platform: Platform) -> bool:
    """Tell the owners what has happened; True if there may be more."""
    now = platform.now
    waiting = select(HappeningRow.id).where(HappeningRow.tell_at <= now).limit(1)
    with platform.records.read() as session:
        if session.execute(waiting).first() is None:
            return False
    with platform.records.begin() as session:
        if not _is_only_desk(session):
            return False
        rows = _waiting(session, now)
        for (schedule_id, cause), found in groupby(rows, key=_group):
            _tell(session, platform, schedule_id, cause, list(found))
        return len(rows) == PAGE


def _is_only_desk(session: Session) -> bool:
    """False while another api process tells: two that share out the happenings of one schedule would tell half of them
    an hour later. On SQLite a writing transaction is alone anyway."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    return bool(session.execute(select(func.pg_try_advisory_xact_lock(_LOCK))).scalar_one())


def _group(row: HappeningRow) -> tuple[UUID, str]:
    return row.schedule_id, row.cause


def _waiting(session: Session, now: datetime) -> Sequence[HappeningRow]:
    query = (
        select(HappeningRow)
        .where(HappeningRow.tell_at <= now)
        .order_by(HappeningRow.tell_at, HappeningRow.id)
        .limit(PAGE)
        .with_for_update(skip_locked=True)
    )
    return sorted(session.execute(query).scalars().all(), key=lambda row: (str(row.schedule_id), row.cause, row.at))


def _tell(session: Session, platform: Platform, schedule_id: UUID, cause: str, rows: list[HappeningRow]) -> None:
    """Tell of these happenings of one schedule and cause, in the order in which they happened."""
    now = platform.now
    schedule = session.get(ScheduleRow, schedule_id)
    notify = _notify_of(schedule, rows)
    if notify is None or cause not in notify.on:
        _forget(rows)
        return
    rows = _still_so(session, rows, notify)
    if not rows:
        return
    told_at = _claim(session, schedule_id, cause, now)
    if told_at is not None:
        for row in rows:
            row.tell_at = told_at + PACE
        return
    _order(session, platform, schedule, notify, rows)
    _forget(rows)


def _still_so(session: Session, rows: Iterable[HappeningRow], notify: Notify) -> list[HappeningRow]:
    """Those of `rows` that have to be told still; the others are forgotten."""
    kept = []
    for row in rows:
        report = session.get(ReportRow, row.report_id) if row.report_id is not None else None
        if report is None or not _is_overtaken(row.cause, report.status, notify):
            kept.append(row)
        else:
            row.tell_at = None
    return kept


def _is_overtaken(cause: str, status: str, notify: Notify) -> bool:
    """Whether what became of the report makes the notice needless, or another one tells it."""
    if cause == "dead_letter":
        return status in ("failed", "partial") and status in notify.on
    return cause in _PASSING and cause != status


def _notify_of(schedule: ScheduleRow | None, rows: Sequence[HappeningRow]) -> Notify | None:
    """What the owner wants to know; of a schedule that is gone, what was kept when it went."""
    kept: Any = schedule.notify if schedule is not None else _last(rows, "notify")
    return msgspec.convert(kept, Notify) if kept is not None else None


def _last(rows: Sequence[HappeningRow], name: str) -> Any:
    return rows[-1].facts.get(name) if rows else None


def _claim(session: Session, schedule_id: UUID, cause: str, now: datetime) -> datetime | None:
    """None if we may tell now; else when somebody was told last, less than an hour ago."""
    values = {"schedule_id": schedule_id, "cause": cause, "told_at": now}
    if upsert(session, table_of(PaceRow), values, key=["schedule_id", "cause"], update=[]):
        return None
    this = (PaceRow.schedule_id == schedule_id) & (PaceRow.cause == cause)
    claimed = update(PaceRow).where(this, PaceRow.told_at <= now - PACE).values(told_at=now).returning(PaceRow.cause)
    if session.execute(claimed, execution_options={"synchronize_session": False}).first() is not None:
        return None
    return session.execute(select(PaceRow.told_at).where(this)).scalar_one()


def _order(
    session: Session, platform: Platform, schedule: ScheduleRow | None, notify: Notify, rows: Sequence[HappeningRow]
) -> None:
    latest, now = rows[-1], platform.now
    name = schedule.name if schedule is not None else str(latest.facts["name"])
    more = sum(row.count for row in rows[:-1])
    text = draft(
        Case(
            latest=latest,
            name=name,
            timezone=schedule.timezone if schedule is not None else str(latest.facts["timezone"]),
            more=more,
            since=rows[0].at,
            now=now,
            report=session.get(ReportRow, latest.report_id) if latest.report_id is not None else None,
            next_due=next_due(schedule, now) if schedule is not None else None,
        ),
        platform.settings.public_url,
    )
    occasion = Occasion(
        cause=latest.cause,
        origin=latest.id,
        schedule_id=latest.schedule_id,
        schedule_name=name,
        report_id=latest.report_id,
        more=more,
    )
    for owner in _owners(schedule, rows):
        tell_owner(session, owner, text, occasion, now)
    if notify.destination is not None:
        tell_destination(session, notify.destination, text, occasion, now)


def _owners(schedule: ScheduleRow | None, rows: Sequence[HappeningRow]) -> Sequence[str | None]:
    """Who has to be told: of a change, who answered for the schedule before and who does since."""
    if rows[-1].cause == "changed":
        return sorted({owner for row in rows for owner in cast("list[str]", row.facts["owners"])})
    return [schedule.owner if schedule is not None else None]


def _forget(rows: Iterable[HappeningRow]) -> None:
    for row in rows:
        row.tell_at = None
