"""Dead letters are told to the owner of the schedule that they belong to, unless the end of its report tells enough."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy.orm import Session

from libs.common.messages import SendNotice
from services.api.dead_letters.reading import Dead
from services.api.notices.happenings import on_happening
from services.api.tables import DeadLetterRow, ReportRow

UNTIL_THE_END_IS_HEARD = timedelta(seconds=30)
"""A command that is given up announces the end of its report or delivery, which comes over another queue."""


def tell_of_dead_letter(session: Session, dead: Dead) -> None:
    """Keep that a command of a schedule was given up. Of a notice nobody is told, and of a burst once."""
    row = session.get(DeadLetterRow, dead.id)
    if row is None or row.schedule_id is None or dead.wire_name == SendNotice.wire_name():
        return
    report = session.get(ReportRow, row.report_id) if row.report_id is not None else None
    if report is not None and (report.is_test or report.parent_id is not None):
        return
    on_happening(
        session,
        "dead_letter",
        row.schedule_id,
        at=dead.failed_at,
        key=str(dead.id),
        reason=dead.reason,
        report_id=row.report_id,
        scheduled_for=report.scheduled_for if report is not None else None,
        facts={"dead_letter": str(dead.id)},
        tell_after=UNTIL_THE_END_IS_HEARD,
    )
