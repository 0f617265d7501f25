"""Announcements: what the owners of schedules have to know beforehand, such as a night without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.api.audit import note
from services.api.definitions import as_json
from services.api.notices.moments import next_due, written
from services.api.notices.orders import Occasion, tell_owner
from services.api.notices.wording import MAX_NAME, Draft
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, missing
from services.api.schemas.notices import NewAnnouncement, Scope
from services.api.tables import AnnouncementRow, ScheduleRow, SourceRow, TemplateRow

MOST_SCHEDULES = 100
"""So many schedules are named in a letter; of the others it says how many there are."""


def announce_to_owners(
    session: Session, platform: Platform, caller: Caller, announcement_id: UUID, new: NewAnnouncement
) -> None:
    """Order a notice to each owner of an affected schedule, which lists theirs."""
    now = platform.now
    with Findings() as wrong:
        affected = _affected(session, new.scope, wrong)
        if new.starts_at is not None and new.ends_at is not None and new.ends_at <= new.starts_at:
            wrong.add("ends_at", "ends_at must be later than starts_at.")
    session.add(
        AnnouncementRow(
            id=announcement_id,
            subject=new.subject,
            text=new.text,
            scope={"scope": as_json(new.scope)},
            starts_at=new.starts_at,
            ends_at=new.ends_at,
            announced_by=caller.name,
            schedules=len(affected),
            created_at=now,
        )
    )
    owners = _by_owner(affected)
    for owner, rows in owners.items():
        occasion = Occasion(cause="announcement", origin=announcement_id, announcement_id=announcement_id)
        tell_owner(session, owner, _draft(new, rows, now), occasion, now)
    facts = {"subject": new.subject, "schedules": len(affected), "owners": len(owners)}
    note(session, caller, "created", "announcement", announcement_id, now, **facts)


def find_announcement(session: Session, announcement_id: UUID) -> AnnouncementRow:
    """The announcement; Refused (404) if there is none."""
    row = session.get(AnnouncementRow, announcement_id)
    if row is None:
        raise missing(f"There is no announcement {announcement_id}.")
    return row


def _affected(session: Session, scope: str | Scope, wrong: Findings) -> Sequence[ScheduleRow]:
    """The active schedules within `scope`."""
    query = select(ScheduleRow).where(ScheduleRow.active.is_(True))
    if isinstance(scope, Scope):
        _check_names(session, scope, wrong)
        if scope.template is not None:
            query = query.where(ScheduleRow.template.has(TemplateRow.slug == scope.template))
        if scope.source is not None:
            reads_from_it = TemplateRow.source.has(SourceRow.name == scope.source)
            query = query.where(ScheduleRow.template.has(reads_from_it))
        if scope.schedules is not None:
            query = query.where(ScheduleRow.id.in_(scope.schedules))
    return session.execute(query.order_by(ScheduleRow.name, ScheduleRow.id)).unique().scalars().all()


def _check_names(session: Session, scope: Scope, wrong: Findings) -> None:
    checks = (("source", scope.source, SourceRow.name), ("template", scope.template, TemplateRow.slug))
    for field, name, column in checks:
        if name is not None and session.execute(select(column).where(column == name)).first() is None:
            wrong.add(f"scope.{field}", f"scope.{field} must be the name of a {field}; none is called {name}.")
    for index, schedule_id in enumerate(scope.schedules or ()):
        if session.get(ScheduleRow, schedule_id) is None:
            field = f"scope.schedules[{index}]"
            wrong.add(field, f"{field} must be the id of a schedule; there is no schedule {schedule_id}.")


def _by_owner(schedules: Sequence[ScheduleRow]) -> Mapping[str | None, list[ScheduleRow]]:
    found: dict[str | None, list[ScheduleRow]] = defaultdict(list)
    for row in schedules:
        found[row.owner].append(row)
    return found


def _draft(new: NewAnnouncement, schedules: Sequence[ScheduleRow], now: datetime) -> Draft:
    timezone = schedules[0].timezone
    facts = []
    if new.starts_at is not None:
        facts.append(("From", written(new.starts_at, timezone)))
    if new.ends_at is not None:
        facts.append(("Until", written(new.ends_at, timezone)))
    since = max(now, new.starts_at or now)
    facts += [(row.name[:MAX_NAME], _when(row, since, new.ends_at)) for row in schedules[:MOST_SCHEDULES]]
    left_out = len(schedules) - MOST_SCHEDULES
    count = "one of your schedules" if len(schedules) == 1 else f"{len(schedules):,} of your schedules"
    return Draft(
        subject=new.subject,
        paragraphs=(
            *(part.strip() for part in new.text.split("\n\n") if part.strip()),
            f"This is about {count}, listed below.",
            *((f"{left_out:,} more are not named here.",) if left_out > 0 else ()),
        ),
        facts=tuple(facts),
    )


def _when(row: ScheduleRow, since: datetime, until: datetime | None) -> str:
    due = next_due(row, since, until)
    if due is None:
        return "not due in that time"
    return f"due {written(due, row.timezone)}"
