"""What is shown of a schedule."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from libs.common.messages import Format, Priority
from libs.common.timing import describe, next_moment
from services.api.announcements import timing_of
from services.api.schemas.common import RecipientView
from services.api.schemas.schedules import ScheduleView
from services.api.tables import ScheduleRow


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
        parameters=row.parameters,
        formats=cast("list[Format] | None", row.formats),
        priority=cast("Priority", row.priority),
        recipients=[RecipientView(address=one["address"], name=one["name"]) for one in row.recipients],
        subject=row.subject,
        body=row.body,
        active=row.active,
        pause_reason=row.pause_reason,
        next_run_at=next_moment(timing, now) if row.active else None,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
