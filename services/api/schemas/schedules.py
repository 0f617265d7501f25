"""Schedules and their occurrences as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from libs.common.conditions import Conditions
from libs.common.delivering import Burst
from libs.common.messages import Format, Priority
from services.api.schemas.common import (
    Body,
    Formats,
    Name,
    OccurrenceStatus,
    Recipients,
    RecipientView,
    ReportType,
    Subject,
    Values,
)
from services.api.schemas.delivery import Letters, Notify

Frequency = Literal["daily", "weekly", "monthly", "cron", "interval", "once"]
ScheduleConfig = Annotated[
    dict[str, Any],
    msgspec.Meta(
        description=(
            "The details of the frequency. daily: hour, minute. weekly: day_of_week (Monday = 0), hour, minute. "
            "monthly: day_of_month (1 to 31 or last), hour, minute. cron: cron. interval: every, unit. once: at."
        )
    ),
]
Zone = Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="An IANA time zone like Europe/Berlin.")]
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


Filename = Annotated[
    str,
    msgspec.Meta(
        max_length=120,
        description="What the files are called, without their ending. Without it slug and day name them.",
    ),
]
MisfirePolicy = Annotated[
    Literal["skip", "once", "all"],
    msgspec.Meta(
        description=(
            "What becomes of moments that passed while the scheduler was away. skip: missed. once: the latest starts. "
            "all: the latest max_catch_up start."
        )
    ),
]
MaxLateness = Annotated[
    int,
    msgspec.Meta(
        ge=0,
        le=31_536_000,
        description=(
            "What is later than this is missed. null: 300 for skip, the scheduler's setting for once, no limit for all."
        ),
    ),
]
MaxCatchUp = Annotated[
    int, msgspec.Meta(ge=1, le=1_000, description="At most so many moments are made up for. Needed for all.")
]
MaxOccurrences = Annotated[
    int, msgspec.Meta(ge=1, le=100_000, description="The schedule ends after so many moments, from starts_at on.")
]
MaxRetries = Annotated[
    int,
    msgspec.Meta(ge=0, le=20, description="Retries after a transient failure. Without it as the template says, or 3."),
]
Jitter = Annotated[
    int,
    msgspec.Meta(
        ge=0, le=86_400, description="The schedule starts up to so much later, by an offset that never changes."
    ),
]
CalendarName = Annotated[
    str, msgspec.Meta(min_length=1, max_length=200, description="The name of a calendar of days off.")
]
OnDayOff = Annotated[
    Literal["skip", "previous", "next"],
    msgspec.Meta(description="A moment on a day off is skipped, or comes on the business day before or after."),
]


class NewSchedule(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """When a template is produced, with which parameters, and who receives it."""

    name: Name
    report_type: ReportType
    frequency: Frequency
    schedule_config: ScheduleConfig
    timezone: Zone = "UTC"
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    parameters: Values = {}
    formats: Formats | None = None
    """Without it the template's."""
    priority: Priority = "normal"
    recipients: Recipients = []
    cc: Recipients = []
    bcc: Recipients = []
    subject: Subject = ""
    body: Body = ""
    letters: Letters = Letters()
    burst: Annotated[
        Burst | None, msgspec.Meta(description="A query that gives recipients, each of their own report.")
    ] = None
    notify: Notify = Notify()
    owner: Annotated[
        Annotated[str, msgspec.Meta(max_length=200)] | None,
        msgspec.Meta(description="The name of the user who answers for it. Without it: you."),
    ] = None
    max_retries: MaxRetries | None = None
    conditions: Conditions = Conditions()
    filename: Filename = ""
    misfire: MisfirePolicy = "once"
    max_lateness_seconds: MaxLateness | None = None
    max_catch_up: MaxCatchUp | None = None
    max_occurrences: MaxOccurrences | None = None
    jitter_seconds: Jitter = 0
    calendar: CalendarName | None = None
    on_day_off: OnDayOff = "skip"
    active: Annotated[bool, msgspec.Meta(description="false: saved, but it does not fire.")] = True


class ScheduleChanges(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What to change in a schedule; what is left out stays. `active` pauses and resumes."""

    name: Name | UnsetType = UNSET
    report_type: ReportType | UnsetType = UNSET
    frequency: Frequency | UnsetType = UNSET
    schedule_config: ScheduleConfig | UnsetType = UNSET
    timezone: Zone | UnsetType = UNSET
    starts_at: Moment | UnsetType | None = UNSET
    ends_at: Moment | UnsetType | None = UNSET
    parameters: Values | UnsetType = UNSET
    formats: Formats | UnsetType | None = UNSET
    priority: Priority | UnsetType = UNSET
    recipients: Recipients | UnsetType = UNSET
    cc: Recipients | UnsetType = UNSET
    bcc: Recipients | UnsetType = UNSET
    subject: Subject | UnsetType = UNSET
    body: Body | UnsetType = UNSET
    letters: Letters | UnsetType = UNSET
    burst: Burst | UnsetType | None = UNSET
    notify: Notify | UnsetType = UNSET
    owner: str | UnsetType | None = UNSET
    max_retries: MaxRetries | UnsetType | None = UNSET
    conditions: Conditions | UnsetType = UNSET
    filename: Filename | UnsetType = UNSET
    misfire: MisfirePolicy | UnsetType = UNSET
    max_lateness_seconds: MaxLateness | UnsetType | None = UNSET
    max_catch_up: MaxCatchUp | UnsetType | None = UNSET
    max_occurrences: MaxOccurrences | UnsetType | None = UNSET
    jitter_seconds: Jitter | UnsetType = UNSET
    calendar: CalendarName | UnsetType | None = UNSET
    on_day_off: OnDayOff | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ScheduleView(msgspec.Struct, kw_only=True):
    """When a template is produced, with which parameters, and who receives it."""

    id: UUID
    version: Annotated[int, msgspec.Meta(description="Grows with every change that the timetable hears of.")]
    name: str
    report_type: str
    frequency: Frequency
    schedule_config: dict[str, Any]
    timezone: str
    starts_at: datetime | None
    ends_at: datetime | None
    in_words: Annotated[str, msgspec.Meta(description="The timing as a phrase, like `every day at 08:00 (UTC)`.")]
    warnings: Annotated[
        list[str], msgspec.Meta(description="What is allowed but may not be meant, like that it fires 4 times a year.")
    ]
    filename: str
    misfire: MisfirePolicy
    max_lateness_seconds: int | None
    max_catch_up: int | None
    max_occurrences: int | None
    jitter_seconds: int
    calendar: Annotated[str | None, msgspec.Meta(description="The name of its calendar.")]
    on_day_off: OnDayOff
    parameters: dict[str, Any]
    formats: Annotated[list[Format] | None, msgspec.Meta(description="null: those of the template.")]
    priority: Priority
    recipients: list[RecipientView]
    cc: list[RecipientView]
    bcc: list[RecipientView]
    subject: str
    body: str
    letters: Annotated[Letters, msgspec.Meta(description="What is left out in it is as by default.")]
    burst: Burst | None
    notify: Notify
    owner: Annotated[str | None, msgspec.Meta(description="The user who answers for it.")]
    max_retries: Annotated[int | None, msgspec.Meta(description="null: as its template says.")]
    conditions: Annotated[Conditions, msgspec.Meta(description="What is left out in it is as by default.")]
    active: bool
    pause_reason: Annotated[str | None, msgspec.Meta(description="Why the scheduler has stopped it.")]
    next_run_at: Annotated[datetime | None, msgspec.Meta(description="The next moment; null if there is none.")]
    created_at: datetime
    updated_at: datetime


class ScheduleList(msgspec.Struct):
    """Schedules, the latest first."""

    items: list[ScheduleView]
    next: str | None


class OccurrenceView(msgspec.Struct, kw_only=True):
    """One expected moment of a schedule and what became of it."""

    id: UUID
    schedule_id: UUID
    schedule_version: int
    scheduled_for: datetime
    status: OccurrenceStatus
    lateness_seconds: Annotated[
        float, msgspec.Meta(description="From the expected moment to its claim, without what jitter_seconds asked for.")
    ]
    duration_seconds: Annotated[float | None, msgspec.Meta(description="From its claim to its end.")]
    ended_at: datetime | None
    rows: int | None
    sent_to: list[str]
    error: Annotated[str | None, msgspec.Meta(description="Why it did not end as `success`, in words.")]
    report_id: UUID | None


class OccurrenceList(msgspec.Struct):
    """Occurrences, the latest first."""

    items: list[OccurrenceView]
    next: str | None
