"""What is shown of a schedule."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

import msgspec

from libs.common.conditions import Conditions
from libs.common.delivering import Burst
from libs.common.messages import Format, Priority, Timing
from libs.common.timing import describe, next_moment, warnings
from services.api.schemas.common import RecipientView
from services.api.schemas.delivery import Letters, Notify
from services.api.schemas.schedules import MisfirePolicy, ScheduleView
from services.api.tables import ScheduleRow
from services.api.timings import offset, timing_of


def schedule_view(row: ScheduleRow, now: datetime) -> ScheduleView:
    """What is shown of a schedule."""
    timing = timing_of(row)
    return ScheduleView(
        id=row.id,
        version=row.version,
        name=row.name,
        report_type=row.template.slug,
        frequency=timing.frequency,
        schedule_config=row.schedule_config,
        timezone=row.timezone,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        in_words=describe(timing),
        warnings=[*(warnings(timing, now) if row.active else []), *_left_out(row)],
        filename=row.filename,
        misfire=cast("MisfirePolicy", row.misfire),
        max_lateness_seconds=row.max_lateness_seconds,
        max_catch_up=row.max_catch_up,
        max_occurrences=row.max_occurrences,
        jitter_seconds=row.jitter_seconds,
        calendar=row.calendar.name if row.calendar is not None else None,
        on_day_off=timing.on_day_off,
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
        active=row.active,
        pause_reason=row.pause_reason,
        next_run_at=_next_run(row, timing, now),
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _left_out(row: ScheduleRow) -> list[str]:
    if row.burst is None or not (row.recipients or row.cc or row.bcc):
        return []
    return ["Those in recipients, cc and bcc get nothing: each report of the burst goes to one recipient alone."]


def _people(rows: list[Any]) -> list[RecipientView]:
    return [RecipientView(address=one["address"], name=one["name"]) for one in rows]


def _next_run(row: ScheduleRow, timing: Timing, now: datetime) -> datetime | None:
    if not row.active:
        return None
    later = offset(row)
    moment = next_moment(timing, now - later)
    return moment + later if moment is not None else None
