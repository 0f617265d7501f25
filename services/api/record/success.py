"""Tells the timetable since when an incremental report has to count."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy.orm import Session

from libs.common.messages import OccurrenceSucceeded
from libs.common.outbox import Outbox
from services.api.notices.happenings import on_success
from services.api.tables import OccurrenceRow, ScheduleRow

WORD = "last_success_at"


def tell_success(session: Session, occurrence: OccurrenceRow, at: datetime | None) -> None:
    """The report of this moment has reached everybody; only schedules that ask for it have to know."""
    schedule = session.get(ScheduleRow, occurrence.schedule_id)
    if schedule is None or at is None:
        return
    on_success(session, schedule, occurrence, at)
    if WORD in f"{json.dumps(schedule.parameters)} {schedule.subject} {schedule.body}":
        event = OccurrenceSucceeded(at=at, schedule_id=schedule.id, scheduled_for=occurrence.scheduled_for)
        said = Outbox(session, at)
        said.add(event)
        said.write()  # reports are settled in the last moment of a transaction, after the store has written the others
