"""Calendars and previews as people send and see them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from services.api.schemas.common import Name
from services.api.schemas.schedules import (
    CalendarName,
    Frequency,
    Jitter,
    MaxOccurrences,
    Moment,
    OnDayOff,
    ScheduleConfig,
    Zone,
)

Country = Annotated[
    str, msgspec.Meta(max_length=3, description="Public holidays of this country (ISO 3166, like DE); empty: none.")
]
Subdivision = Annotated[str, msgspec.Meta(max_length=20, description="A part of the country, like BY.")]
Dates = Annotated[list[date], msgspec.Meta(max_length=5_000, description="Days off of one's own.")]
Weekend = Annotated[
    list[Annotated[int, msgspec.Meta(ge=0, le=6)]],
    msgspec.Meta(max_length=6, description="The weekdays on which nobody works, Monday = 0."),
]


class NewCalendar(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """Days on which nobody works."""

    name: Name
    country: Country = ""
    subdivision: Subdivision = ""
    dates: Dates = []
    weekend: Weekend = msgspec.field(default_factory=lambda: [5, 6])


class CalendarChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change in a calendar; what is left out stays."""

    name: Name | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    subdivision: Subdivision | UnsetType = UNSET
    dates: Dates | UnsetType = UNSET
    weekend: Weekend | UnsetType = UNSET


class CalendarView(msgspec.Struct, kw_only=True):
    """Days on which nobody works."""

    id: UUID
    name: str
    country: str
    subdivision: str
    dates: list[date]
    weekend: list[int]
    created_at: datetime
    updated_at: datetime


class CalendarList(msgspec.Struct):
    """Calendars, by name."""

    items: list[CalendarView]
    next: str | None


class NewPreview(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A timing that somebody is writing; nothing is kept of it."""

    frequency: Frequency
    schedule_config: ScheduleConfig
    timezone: Zone = "UTC"
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    max_occurrences: MaxOccurrences | None = None
    jitter_seconds: Jitter = 0
    calendar: CalendarName | None = None
    on_day_off: OnDayOff = "skip"
    count: Annotated[int, msgspec.Meta(ge=1, le=100, description="How many moments to show.")] = 10


class ForeseenMoment(msgspec.Struct, kw_only=True):
    """One expected moment."""

    at: Annotated[datetime, msgspec.Meta(description="When it starts, in UTC.")]
    local: Annotated[datetime, msgspec.Meta(description="The same on the clock of the schedule's zone.")]
    fires: Annotated[bool, msgspec.Meta(description="false: it will be recorded as skipped.")]
    reasons: Annotated[list[str], msgspec.Meta(description="Why it is skipped, moved or shifted.")]


class Preview(msgspec.Struct, kw_only=True):
    """What will happen."""

    in_words: str
    warnings: list[str]
    moments: list[ForeseenMoment]
