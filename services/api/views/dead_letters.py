"""What is shown of dead letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.messages import ErrorClass
from services.api.dead_letters.causes import DeadStage, next_step
from services.api.dead_letters.hiding import without_secrets
from services.api.schemas.dead_letters import (
    CauseView,
    DeadLetterAttempt,
    DeadLetterDetails,
    DeadLetterView,
    DeadState,
)
from services.api.tables import DeadLetterRow, DeliveryAttemptRow, ReportAttemptRow, ScheduleRow

Known = Mapping[UUID, tuple[str, str | None]]
"""Names and owners of schedules."""


def schedules_of(session: Session, rows: Iterable[DeadLetterRow]) -> Known:
    """The name and the owner of each schedule that one of `rows` belongs to."""
    wanted = {row.schedule_id for row in rows if row.schedule_id is not None}
    query = select(ScheduleRow.id, ScheduleRow.name, ScheduleRow.owner).where(ScheduleRow.id.in_(wanted))
    return {found.id: (found.name, found.owner) for found in session.execute(query)} if wanted else {}


def dead_letter_view(row: DeadLetterRow, known: Known) -> DeadLetterView:
    """A dead letter in a list."""
    name, owner = known.get(row.schedule_id, (None, None)) if row.schedule_id is not None else (None, None)
    return DeadLetterView(
        id=row.id,
        state=cast("DeadState", row.state),
        failed_at=row.failed_at,
        stage=cast("DeadStage", row.stage),
        error_class=cast("ErrorClass", row.error_class),
        cause=row.cause,
        cause_id=row.cause_id,
        next_step=next_step(row.stage, row.error_class, row.cause),
        message=row.wire_name,
        queue=row.queue,
        attempts=row.attempts,
        replays=row.replays,
        report_id=row.report_id,
        delivery_id=row.delivery_id,
        schedule_id=row.schedule_id,
        schedule=name,
        owner=owner,
        settled_at=row.settled_at,
        settled_by=row.settled_by,
        settled_reason=row.settled_reason,
    )


def dead_letter_details(session: Session, row: DeadLetterRow) -> DeadLetterDetails:
    """A dead letter with all that is known of it."""
    return DeadLetterDetails(
        letter=dead_letter_view(row, schedules_of(session, [row])),
        history=_history(session, row),
        exception=row.exception,
        traceback=row.traceback,
        message_id=row.message_id,
        replay_of=row.replay_of,
        payload=without_secrets(row.payload),
    )


def cause_view(found: Any) -> CauseView:
    """A cause with its count."""
    return CauseView(
        cause_id=found.cause_id,
        cause=found.cause,
        stage=found.stage,
        error_class=found.error_class,
        message=found.message,
        next_step=next_step(found.stage, found.error_class, found.cause),
        count=found.count,
        first_at=found.first_at,
        last_at=found.last_at,
    )


def _history(session: Session, row: DeadLetterRow) -> list[DeadLetterAttempt]:
    if row.delivery_id is not None:
        deliveries = (
            select(DeliveryAttemptRow)
            .where(DeliveryAttemptRow.delivery_id == row.delivery_id)
            .order_by(DeliveryAttemptRow.attempt)
        )
        return [
            DeadLetterAttempt(attempt=one.attempt, at=one.at, outcome=one.outcome, reason=one.reason)
            for one in session.execute(deliveries).scalars()
        ]
    if row.report_id is None:
        return []
    reports = (
        select(ReportAttemptRow).where(ReportAttemptRow.report_id == row.report_id).order_by(ReportAttemptRow.attempt)
    )
    return [
        DeadLetterAttempt(
            attempt=one.attempt, at=one.ended_at or one.started_at, outcome=one.outcome, reason=one.reason
        )
        for one in session.execute(reports).scalars()
    ]
