"""Calendars: created, changed, deleted. The schedules that keep to one follow at once."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from msgspec import UNSET, structs
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from libs.common.timing import TimingError, check_calendar
from services.api.announcements import announce_timed_anew
from services.api.audit import note
from services.api.definitions import alone, assign, by_id_or_name, is_taken, set_fields
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, conflict, missing, wrong
from services.api.schemas.calendars import CalendarChanges, CalendarView, NewCalendar
from services.api.tables import CalendarRow, ScheduleRow
from services.api.timings import calendar_of


def create_calendar(session: Session, platform: Platform, caller: Caller, calendar_id: UUID, new: NewCalendar) -> None:
    """Keep a new calendar."""
    alone(session)
    _refuse_taken_name(session, new.name, calendar_id)
    now = platform.now
    row = CalendarRow(id=calendar_id, created_at=now, updated_at=now, **_columns(structs.asdict(new)))
    _check(row)
    session.add(row)
    note(session, caller, "created", "calendar", calendar_id, now, name=new.name)
    session.flush()


def change_calendar(
    session: Session, platform: Platform, caller: Caller, key: str, changes: CalendarChanges
) -> CalendarRow:
    """Change a calendar, and let the timetable know of it for every schedule that keeps to it."""
    alone(session)
    row = find_calendar(session, key)
    if changes.name is not UNSET:
        _refuse_taken_name(session, changes.name, row.id)
    if changed := assign(row, _columns(set_fields(changes))):
        _check(row)
        row.updated_at = platform.now
        note(session, caller, "changed", "calendar", row.id, platform.now, fields=sorted(changed))
        announce_timed_anew(session, platform, ScheduleRow.calendar_id == row.id)
    return row


def delete_calendar(session: Session, platform: Platform, caller: Caller, key: str) -> None:
    """Delete a calendar that no schedule keeps to."""
    alone(session)
    row = find_calendar(session, key)
    users = select(func.count()).select_from(ScheduleRow).where(ScheduleRow.calendar_id == row.id)
    if count := session.execute(users).scalar_one():
        schedules = "one schedule keeps" if count == 1 else f"{count} schedules keep"
        raise conflict(f"The calendar {row.name} is in use: {schedules} to it; change or delete that first.")
    session.delete(row)
    note(session, caller, "deleted", "calendar", row.id, platform.now, name=row.name)


def find_calendar(session: Session, key: str) -> CalendarRow:
    """The calendar with this id or name; Refused (404) if there is none."""
    row = _calendar_or_none(session, key)
    if row is None:
        raise missing(f"There is no calendar {key}.")
    return row


def calendar_for(session: Session, name: str | None, wrong: Findings) -> CalendarRow | None:
    """The calendar that a schedule asks for by its name; `calendar` is wrong if there is none."""
    row = _calendar_or_none(session, name) if name is not None else None
    if row is None and name is not None:
        wrong.add("calendar", f"calendar must be the name of a calendar; there is none called {name}.")
    return row


def calendar_view(row: CalendarRow) -> CalendarView:
    """What is shown of a calendar."""
    return CalendarView(
        id=row.id,
        name=row.name,
        country=row.country,
        subdivision=row.subdivision,
        dates=[date.fromisoformat(day) for day in row.dates],
        weekend=row.weekend,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _calendar_or_none(session: Session, key: str) -> CalendarRow | None:
    row: CalendarRow | None = by_id_or_name(session, CalendarRow, key)
    return row


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    columns = dict(given)
    if "dates" in columns:
        columns["dates"] = sorted({day.isoformat() for day in columns["dates"]})
    if "weekend" in columns:
        columns["weekend"] = sorted(set(columns["weekend"]))
    return columns


def _check(row: CalendarRow) -> None:
    try:
        check_calendar(calendar_of(row))
    except TimingError as error:
        raise wrong(error.field.removeprefix("calendar."), str(error)) from error


def _refuse_taken_name(session: Session, name: str, calendar_id: UUID) -> None:
    if is_taken(session, CalendarRow.name, name, calendar_id):
        raise conflict(f"There is a calendar with the name {name} already; take another name or change that calendar.")
