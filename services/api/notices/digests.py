"""Digests: one letter a day with all that happened to the schedules of somebody since the last one."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID, uuid5

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from libs.common.ids import NAMESPACE
from libs.common.messages import Timing
from libs.common.store import add_missing
from libs.common.timing import next_moment
from services.api.notices.moments import short
from services.api.notices.orders import Occasion, tell_owner
from services.api.notices.wording import MAX_NAME, Draft
from services.api.platform import Platform
from services.api.tables import DigestRow, HappeningRow, OccurrenceRow, ScheduleRow, table_of

MOST_SCHEDULES = 50
"""So many schedules are named in a digest; of the others it says how many there are."""

LONGEST = timedelta(days=7)
"""Occurrences that were due so much earlier than the last digest are looked for, should they have ended since."""

WORDS: Mapping[str, str] = {
    "failed": "failed",
    "missed": "missed",
    "partial": "partly delivered",
    "dead_letter": "given up",
    "held": "held",
    "paused": "stopped",
    "changed": "changed",
    "skipped": "skipped",
    "success": "delivered",
}
"""What can have happened, the worst first."""

_FROM_HAPPENINGS = ("dead_letter", "held", "paused", "changed")
"""What no occurrence ends as; the rest is counted from the occurrences."""

Counts = Mapping[UUID, Counter[str]]


class Named(NamedTuple):
    """A schedule whose owner wants digests."""

    id: UUID
    name: str
    timezone: str


def make_digests(platform: Platform) -> int:
    """Order the digests that are due; the number of owners whose digest was due."""
    with platform.records.read() as session:
        wanted = _schedules_by_owner(session)
        known = set(session.execute(select(DigestRow.owner)).scalars())
        due = session.execute(select(DigestRow).where(DigestRow.next_at <= platform.now)).scalars().all()
    if wanted.keys() != known:
        _keep_owners(platform, wanted, known)
    return sum(_make(platform, row, wanted.get(row.owner, [])) for row in due)


def _schedules_by_owner(session: Session) -> Mapping[str, list[Named]]:
    query = (
        select(ScheduleRow.owner, ScheduleRow.id, ScheduleRow.name, ScheduleRow.timezone)
        .where(ScheduleRow.owner.is_not(None), ScheduleRow.notify["digest"].as_boolean().is_(True))
        .order_by(ScheduleRow.created_at, ScheduleRow.id)
    )
    found: dict[str, list[Named]] = defaultdict(list)
    for owner, schedule_id, name, timezone in session.execute(query):
        found[str(owner)].append(Named(schedule_id, name, timezone))
    return found


def _keep_owners(platform: Platform, wanted: Mapping[str, list[Named]], known: set[str]) -> None:
    """Begin with those who want a digest since now, and end with those who do not any more."""
    now = platform.now
    new = [
        {"owner": owner, "until": now, "next_at": _next_at(platform, rows)}
        for owner, rows in wanted.items()
        if owner not in known
    ]
    with platform.records.begin() as session:
        session.execute(delete(DigestRow).where(DigestRow.owner.in_(known - wanted.keys())))
        add_missing(session, table_of(DigestRow), new, key=["owner"])


def _make(platform: Platform, row: DigestRow, schedules: Sequence[Named]) -> bool:
    """Order one digest, unless another api process has done so or there is nothing to say."""
    if not schedules:
        return False
    now = platform.now
    claim = (
        update(DigestRow)
        .where(DigestRow.owner == row.owner, DigestRow.next_at == row.next_at)
        .values(until=now, next_at=_next_at(platform, schedules))
        .returning(DigestRow.owner)
    )
    with platform.records.begin() as session:
        if session.execute(claim, execution_options={"synchronize_session": False}).first() is None:
            return False
        counts = _counts(session, [one.id for one in schedules], row.until, now)
        if counts:
            occasion = Occasion(cause="digest", origin=uuid5(NAMESPACE, f"{row.owner}:{row.next_at.isoformat()}"))
            text = digest(schedules, counts, row.until, now)
            tell_owner(session, row.owner, text, occasion, now)
    return True


def _next_at(platform: Platform, schedules: Sequence[Named]) -> datetime:
    """When the next digest is due, by the clock of the oldest of the schedules."""
    config = {"hour": platform.settings.digest_hour, "minute": 0}
    moment = next_moment(Timing(frequency="daily", config=config, timezone=schedules[0].timezone), platform.now)
    assert moment is not None
    return moment


def _counts(session: Session, schedules: Sequence[UUID], since: datetime, until: datetime) -> Counts:
    """What happened to each of the schedules after `since`, up to and with `until`."""
    ended = (
        select(OccurrenceRow.schedule_id, OccurrenceRow.status, func.count())
        .where(
            OccurrenceRow.schedule_id.in_(schedules),
            OccurrenceRow.scheduled_for > since - LONGEST,
            OccurrenceRow.ended_at > since,
            OccurrenceRow.ended_at <= until,
        )
        .group_by(OccurrenceRow.schedule_id, OccurrenceRow.status)
    )
    happened = (
        select(HappeningRow.schedule_id, HappeningRow.cause, func.sum(HappeningRow.count))
        .where(
            HappeningRow.schedule_id.in_(schedules),
            HappeningRow.cause.in_(_FROM_HAPPENINGS),
            HappeningRow.at > since,
            HappeningRow.at <= until,
        )
        .group_by(HappeningRow.schedule_id, HappeningRow.cause)
    )
    counts: dict[UUID, Counter[str]] = defaultdict(Counter)
    for query in (ended, happened):
        for schedule_id, what, count in session.execute(query):
            counts[schedule_id][what] += int(count)
    return counts


def digest(schedules: Sequence[Named], counts: Counts, since: datetime, now: datetime) -> Draft:
    """The letter: all counts in a sentence, then each schedule to which something happened, the worst first."""
    total: Counter[str] = Counter()
    for one in counts.values():
        total += one
    timezone = schedules[0].timezone
    told = sorted((one for one in schedules if one.id in counts), key=lambda one: _rank(counts[one.id]))
    facts = [(one.name[:MAX_NAME], _sentence(counts[one.id])) for one in told[:MOST_SCHEDULES]]
    left_out = len(told) - MOST_SCHEDULES
    return Draft(
        subject=f"Digest: {_sentence(total)}",
        paragraphs=(
            f"Since {short(since, timezone, now)} this happened to your schedules: {_sentence(total)}.",
            *((f"{left_out:,} more schedules are not named here.",) if left_out > 0 else ()),
        ),
        facts=tuple(facts),
    )


def _rank(counts: Counter[str]) -> tuple[int, ...]:
    """Sorts the schedule with the most of the worst first."""
    return tuple(-counts[word] for word in WORDS)


def _sentence(counts: Counter[str]) -> str:
    return ", ".join(f"{counts[what]:,} {word}" for what, word in WORDS.items() if counts[what])
