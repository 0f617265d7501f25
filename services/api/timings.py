"""When a schedule is due, as it travels; read from its row or from what somebody sends."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import cast

from libs.common.messages import Calendar, Misfire, Timing
from libs.common.timing import (
    TimingError,
    check,
    check_gap,
    check_misfire,
    describe,
    foresee,
    next_expected,
    next_moment,
    offset_of,
    warnings,
)
from services.api.problems import Findings
from services.api.schemas.calendars import ForeseenMoment, NewPreview, Preview
from services.api.schemas.schedules import Frequency, MisfirePolicy, NewSchedule, OnDayOff
from services.api.tables import CalendarRow, ScheduleRow

MAX_CATCH_UP = 100
"""Where nothing is said: for `skip`, whose max_lateness_seconds bounds it too."""


def timing_of(row: ScheduleRow) -> Timing:
    """When the schedule is due."""
    return Timing(
        frequency=cast("Frequency", row.frequency),
        config=row.schedule_config,
        timezone=row.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        max_occurrences=row.max_occurrences,
        calendar=calendar_of(row.calendar) if row.calendar is not None else None,
        on_day_off=cast("OnDayOff", row.on_day_off),
        jitter_seconds=row.jitter_seconds,
    )


def new_timing(new: NewSchedule | NewPreview, calendar: CalendarRow | None, now: datetime) -> Timing:
    """The timing that somebody asks for; one that ends after a number of moments begins at `now` if nothing is said."""
    return Timing(
        frequency=new.frequency,
        config=new.schedule_config,
        timezone=new.timezone,
        starts_at=now if new.starts_at is None and new.max_occurrences is not None else new.starts_at,
        ends_at=new.ends_at,
        max_occurrences=new.max_occurrences,
        calendar=calendar_of(calendar) if calendar is not None else None,
        on_day_off=new.on_day_off,
        jitter_seconds=new.jitter_seconds,
    )


def misfire_of(row: ScheduleRow) -> Misfire:
    """What becomes of the moments of a schedule that nobody served."""
    return Misfire(
        policy=cast("MisfirePolicy", row.misfire),
        max_lateness_seconds=row.max_lateness_seconds,
        max_catch_up=row.max_catch_up or MAX_CATCH_UP,
    )


def calendar_of(row: CalendarRow) -> Calendar:
    """The calendar as it travels."""
    return Calendar(
        name=row.name,
        country=row.country,
        subdivision=row.subdivision,
        dates=tuple(date.fromisoformat(day) for day in row.dates),
        weekend=tuple(row.weekend),
    )


def check_timing(timing: Timing, wrong: Findings, least: timedelta, after: datetime | None) -> bool:
    """Note in `wrong` what makes no sense, what follows faster than `least`, and what is never due `after` that."""
    try:
        check(timing)
        check_gap(timing, least)
    except TimingError as error:
        names_it = error.field.rpartition(".")[2] in str(error)
        wrong.add(error.field, str(error) if names_it else f"{error.field}: {error}")
        return False
    if (
        after is not None
        and timing.calendar is not None
        and next_expected(timing, after)
        and not next_moment(timing, after)
    ):
        wrong.add("calendar", "calendar leaves nothing: all moments of this schedule from now on fall on days off.")
        return False
    if after is not None and next_moment(timing, after) is None:
        field = "schedule_config.at" if timing.frequency == "once" else "ends_at"
        wrong.add(field, f"{field} lies in the past, so the schedule would never be due; it must lie in the future.")
        return False
    return True


def check_policy(new: NewSchedule, wrong: Findings) -> None:
    """Note in `wrong` a misfire policy without a bound."""
    if new.misfire == "all" and new.max_catch_up is None:
        wrong.add("max_catch_up", "max_catch_up is missing; misfire all needs a bound from 1 to 1,000.")
        return
    try:
        check_misfire(
            Misfire(
                policy=new.misfire,
                max_lateness_seconds=new.max_lateness_seconds,
                max_catch_up=new.max_catch_up or MAX_CATCH_UP,
            )
        )
    except TimingError as error:
        wrong.add(error.field, str(error))


def preview_of(timing: Timing, now: datetime, count: int, offset: timedelta = timedelta()) -> Preview:
    """The next `count` moments of a timing that makes sense."""
    return Preview(
        in_words=describe(timing),
        warnings=warnings(timing, now),
        moments=[
            ForeseenMoment(at=one.at, local=one.local, fires=one.fires, reasons=list(one.reasons))
            for one in foresee(timing, now, count, offset)
        ],
    )


def offset(row: ScheduleRow) -> timedelta:
    """How much later than its moments the schedule starts."""
    return offset_of(row.id, row.jitter_seconds)
