"""Tells the timetable what a schedule is now: when it is due, and the order to place then.

The version of a schedule grows with each announcement; a listener keeps the highest one it has heard of.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, object_session

from libs.common.conditions import Conditions
from libs.common.delivering import Burst
from libs.common.messages import Parameter, Priority, ReportOrder, ScheduleSaved
from libs.common.outbox import Outbox
from libs.common.timing import next_expected
from services.api.condition_check import check_conditions
from services.api.handling_check import check_formats
from services.api.letters import people, plan
from services.api.orders import declared, order_for, query_names
from services.api.parameters import given_values
from services.api.platform import Platform
from services.api.problems import Findings, Refused, conflict
from services.api.schemas.delivery import Letters
from services.api.tables import ScheduleRow, TemplateRow
from services.api.timings import misfire_of, timing_of


def announce_anew(session: Session, row: ScheduleRow, now: datetime) -> None:
    """Tell the timetable of a change, under the next version."""
    row.version += 1
    row.updated_at = now
    announce(session, row, now)


def announce(session: Session, row: ScheduleRow, now: datetime, at: datetime | None = None) -> None:
    """Tell the timetable what the schedule is, since `at`; nothing said: from now on."""
    row.snapshot_asked = False
    Outbox(session, now).add(
        ScheduleSaved(
            at=at or now,
            schedule_id=row.id,
            version=row.version,
            active=row.active,
            timing=timing_of(row),
            order=order_of(row),
            misfire=misfire_of(row),
        )
    )


def announce_schedules(session: Session, platform: Platform, where: ColumnElement[bool]) -> None:
    """Tell the timetable of a changed template or source, for each active schedule that refers to it.

    A paused schedule is announced when it is resumed.
    """
    session.flush()
    for row in schedules_of(session, where):
        if row.active:
            session.refresh(row)
            announce_anew(session, row, platform.now)


def announce_timed_anew(session: Session, platform: Platform, where: ColumnElement[bool]) -> None:
    """Tell the timetable of a changed calendar, for each active schedule that keeps to it."""
    session.flush()
    query = select(ScheduleRow).where(where, ScheduleRow.active.is_(True))
    for row in session.execute(query.order_by(ScheduleRow.created_at, ScheduleRow.id)).scalars().all():
        session.refresh(row)
        expect(row, platform.now)
        announce_anew(session, row, platform.now)


def expect(row: ScheduleRow, now: datetime) -> None:
    """The ledger has to account for the moments of the schedule from now on; for none while it is paused."""
    row.expected_at = next_expected(timing_of(row), now) if row.active else None


def schedules_of(session: Session, where: ColumnElement[bool]) -> Sequence[ScheduleRow]:
    """The schedules whose template fulfils `where`."""
    query = select(ScheduleRow).join(TemplateRow, ScheduleRow.template_id == TemplateRow.id).where(where)
    return session.execute(query.order_by(ScheduleRow.created_at, ScheduleRow.id)).scalars().all()


def refuse_unfit(session: Session, template: TemplateRow) -> None:
    """Refused (409) if a schedule of `template` could not be produced with the parameters it has."""
    for row in schedules_of(session, TemplateRow.id == template.id):
        try:
            parameters_of(row)
            _check_rest(row)
        except Refused as refused:
            raise conflict(
                f"The schedule {row.name} ({row.id}) does not fit the changed template: {refused.detail} "
                "Let it fit, or change that schedule first."
            ) from refused


def _check_rest(row: ScheduleRow) -> None:
    with Findings() as wrong:
        check_formats(row.formats, row.template.packing, wrong)
        check_conditions(msgspec.convert(row.conditions, Conditions), query_names(row.template), wrong)


def parameters_of(row: ScheduleRow) -> tuple[Parameter, ...]:
    """The value of each parameter when the schedule is due; Refused if one does not fit the template."""
    with Findings() as wrong:
        return given_values(declared(row.template), row.parameters, wrong)


def order_of(row: ScheduleRow) -> ReportOrder:
    """What the schedule orders when it is due."""
    session = object_session(row)
    assert session is not None
    letters = msgspec.convert(row.letters, Letters)
    return order_for(
        row.template,
        parameters_of(row),
        row.formats,
        cast("Priority", row.priority),
        plan(session, people(row.recipients, row.cc, row.bcc), row.subject, row.body, letters),
        timezone=row.timezone,
        conditions=msgspec.convert(row.conditions, Conditions),
        filename=row.filename,
        burst=msgspec.convert(row.burst, Burst | None),
        max_retries=row.max_retries,
    )
