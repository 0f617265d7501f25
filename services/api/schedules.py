"""Schedules: created, changed, paused, deleted, and announced to the timetable each time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.conditions import Conditions
from libs.common.delivering import Burst
from libs.common.messages import (
    Format,
    Parameter,
    Priority,
    Recipient,
    ScheduleDeleted,
)
from libs.common.outbox import Outbox
from services.api import recipients
from services.api.announcements import announce, announce_anew, expect
from services.api.audit import note
from services.api.burst_check import check_burst
from services.api.calendars import calendar_for
from services.api.condition_check import check_conditions
from services.api.definitions import alone, as_json, assign, set_fields
from services.api.handling_check import check_formats
from services.api.letter_check import check_words
from services.api.letters import check_destination, check_letters
from services.api.notices.happenings import on_changed, on_deleted
from services.api.orders import declared, query_names, template_for
from services.api.parameters import check_placeholders, given_values
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, missing
from services.api.schemas.common import NewRecipient
from services.api.schemas.delivery import Letters, Notify
from services.api.schemas.schedules import Frequency, MisfirePolicy, NewSchedule, OnDayOff, ScheduleChanges
from services.api.tables import ScheduleRow, UserRow
from services.api.timings import check_policy, check_timing, new_timing

_TIMING = frozenset(
    {
        "frequency",
        "schedule_config",
        "timezone",
        "starts_at",
        "ends_at",
        "max_occurrences",
        "jitter_seconds",
        "calendar_id",
        "on_day_off",
        "active",
    }
)
"""The fields that say when a schedule is due."""

_ROLES = ("recipients", "cc", "bcc")
_PLACEHOLDERS = re.compile(r"\{\{[^{}/\\]*\}\}")
_NOT_IN_NAMES = re.compile(r"^\.|[^\w .,()+-]")


def create_schedule(session: Session, platform: Platform, caller: Caller, schedule_id: UUID, new: NewSchedule) -> None:
    """Keep a new schedule and announce it."""
    alone(session)
    now = platform.now
    row = ScheduleRow(id=schedule_id, version=1, pause_reason=None, created_at=now, updated_at=now)
    new.owner = new.owner or caller.name
    assign(row, _checked(session, platform, new, after=now if new.active else None))
    session.add(row)
    note(session, caller, "created", "schedule", schedule_id, now, name=new.name)
    session.flush()
    session.refresh(row)
    expect(row, now)
    announce(session, row, now)


def change_schedule(
    session: Session, platform: Platform, caller: Caller, schedule_id: UUID, changes: ScheduleChanges
) -> ScheduleRow:
    """Change, pause or resume a schedule."""
    alone(session)
    row = find_schedule(session, schedule_id, lock=True)
    given = set_fields(changes)
    new = msgspec.structs.replace(_as_new(row), **given)
    # One that is over may still be renamed; it may not be timed or resumed for a moment that has passed.
    after = platform.now if new.active and not (_TIMING | {"calendar"}).isdisjoint(given) else None
    was = {"owner": row.owner, "active": row.active}
    changed = assign(row, _checked(session, platform, new, after=after))
    if given.get("active") is not None and row.pause_reason is not None:
        row.pause_reason = None
        changed.append("pause_reason")
    if changed:
        note(session, caller, "changed", "schedule", row.id, platform.now, fields=sorted(changed))
        on_changed(session, row, caller.name, platform.now, changed, was)
        session.flush()
        session.refresh(row)
        if not _TIMING.isdisjoint(changed):
            expect(row, platform.now)
        announce_anew(session, row, platform.now)
    return row


def delete_schedule(session: Session, platform: Platform, caller: Caller, schedule_id: UUID) -> None:
    """Delete a schedule; what it has produced stays in the record."""
    alone(session)
    row = find_schedule(session, schedule_id, lock=True)
    now = platform.now
    Outbox(session, now).add(ScheduleDeleted(at=now, schedule_id=row.id, version=row.version + 1))
    on_deleted(session, row, caller.name, now)
    session.delete(row)
    note(session, caller, "deleted", "schedule", row.id, now, name=row.name)


def find_schedule(session: Session, schedule_id: UUID, *, lock: bool = False) -> ScheduleRow:
    """The schedule; Refused (404) if there is none. `lock` keeps the scheduler from pausing it meanwhile."""
    row = session.get(ScheduleRow, schedule_id, with_for_update={"of": ScheduleRow} if lock else None)
    if row is None:
        raise missing(f"There is no schedule {schedule_id}.")
    return row


def _checked(session: Session, platform: Platform, new: NewSchedule, *, after: datetime | None) -> dict[str, Any]:
    """The columns of a schedule that makes sense; Refused if this one does not, or is never due `after` that."""
    with Findings() as wrong:
        template = template_for(session, new.report_type, wrong)
        values: tuple[Parameter, ...] = ()
        if template is not None:
            values = given_values(declared(template), new.parameters, wrong)
            check_formats(new.formats, template.packing, wrong)
        most = platform.settings.max_recipients
        allowed = platform.settings.allowed
        to, cc, bcc = (recipients.checked(getattr(new, role), most, wrong, role, allowed) for role in _ROLES)
        _check_number(to, cc, bcc, most, wrong)
        letters = check_letters(session, new.letters, wrong)
        check_destination(session, new.notify.destination, "notify.destination", wrong)
        _check_owner(session, new.owner, wrong)
        if new.burst is None and not new.recipients and not new.letters.destinations:
            wrong.add(
                "recipients", "recipients must be at least one e-mail address; a schedule without one is of no use."
            )
        check_burst(new.burst, template, wrong)
        check_conditions(new.conditions, query_names(template) if template else (), wrong)
        calendar = calendar_for(session, new.calendar, wrong)
        timing = new_timing(new, calendar, platform.now)
        check_timing(timing, wrong, platform.settings.least_between_reports, after)
        check_policy(new, wrong)
        check_words({"subject": new.subject, "body": new.body}, template, wrong)
        check_placeholders(new.filename, "filename", wrong)
        _check_filename(new.filename, wrong)
    assert template is not None
    return {
        "name": new.name,
        "template_id": template.id,
        "frequency": new.frequency,
        "schedule_config": new.schedule_config,
        "timezone": new.timezone,
        "starts_at": timing.starts_at,
        "ends_at": new.ends_at,
        # Only what was given: a default is taken from the template whenever the schedule is announced.
        "parameters": {one.name: one.value for one in values if one.name in new.parameters},
        "formats": list(dict.fromkeys(new.formats)) if new.formats else None,
        "priority": new.priority,
        "recipients": _rows(to),
        "cc": _rows(cc),
        "bcc": _rows(bcc),
        "letters": as_json(letters),
        "burst": as_json(new.burst),
        "notify": as_json(new.notify),
        "owner": new.owner,
        "max_retries": new.max_retries,
        "subject": new.subject,
        "body": new.body,
        "conditions": as_json(new.conditions),
        "filename": new.filename,
        "misfire": new.misfire,
        "max_lateness_seconds": new.max_lateness_seconds,
        "max_catch_up": new.max_catch_up,
        "max_occurrences": new.max_occurrences,
        "jitter_seconds": new.jitter_seconds,
        "calendar_id": calendar.id if calendar is not None else None,
        "on_day_off": new.on_day_off,
        "active": new.active,
    }


def _check_owner(session: Session, owner: str | None, wrong: Findings) -> None:
    if owner is not None and session.execute(select(UserRow.id).where(UserRow.name == owner)).one_or_none() is None:
        wrong.add("owner", f"owner must be the name of a user; none is called {owner}.")


def _check_number(
    to: Sequence[Recipient], cc: Sequence[Recipient], bcc: Sequence[Recipient], most: int, wrong: Findings
) -> None:
    """Copies count as well; a field that is too long by itself was named already."""
    total = len({one.address for one in (*to, *cc, *bcc)})
    if total > most >= max(len(to), len(cc), len(bcc)):
        wrong.add("recipients", f"recipients, cc and bcc must be at most {most:,} addresses together, not {total:,}.")


def _rows(found: Sequence[Recipient]) -> list[dict[str, str]]:
    return [{"address": one.address, "name": one.name} for one in found]


def _people(rows: Sequence[Any]) -> list[str | NewRecipient]:
    return [NewRecipient(one["address"], one["name"]) for one in rows]


def _check_filename(filename: str, wrong: Findings) -> None:
    if _NOT_IN_NAMES.search(_PLACEHOLDERS.sub("", filename)):
        wrong.add("filename", "filename must consist of letters, digits, blanks, placeholders and any of . , ( ) + - _")


def _as_new(row: ScheduleRow) -> NewSchedule:
    """The schedule as somebody would send it."""
    return NewSchedule(
        name=row.name,
        report_type=row.template.slug,
        frequency=cast("Frequency", row.frequency),
        schedule_config=row.schedule_config,
        timezone=row.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        parameters=row.parameters,
        formats=cast("list[Format] | None", row.formats),
        priority=cast("Priority", row.priority),
        recipients=_people(row.recipients),
        cc=_people(row.cc),
        bcc=_people(row.bcc),
        letters=msgspec.convert(row.letters, Letters),
        burst=msgspec.convert(row.burst, Burst | None),
        notify=msgspec.convert(row.notify, Notify),
        owner=row.owner,
        max_retries=row.max_retries,
        subject=row.subject,
        body=row.body,
        conditions=msgspec.convert(row.conditions, Conditions),
        filename=row.filename,
        misfire=cast("MisfirePolicy", row.misfire),
        max_lateness_seconds=row.max_lateness_seconds,
        max_catch_up=row.max_catch_up,
        max_occurrences=row.max_occurrences,
        jitter_seconds=row.jitter_seconds,
        calendar=row.calendar.name if row.calendar is not None else None,
        on_day_off=cast("OnDayOff", row.on_day_off),
        active=row.active,
    )
