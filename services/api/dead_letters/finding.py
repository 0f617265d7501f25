"""Finds dead letters, alone and by cause."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from services.api.problems import missing
from services.api.schemas.dead_letters import Matching
from services.api.tables import DeadLetterRow

MOST_CAUSES = 200


def find_dead_letter(session: Session, dead_letter_id: UUID, *, lock: bool = False) -> DeadLetterRow:
    """The dead letter; Refused (404) if there is none."""
    row = session.get(DeadLetterRow, dead_letter_id, with_for_update=lock or None)
    if row is None:
        raise missing(f"There is no dead letter {dead_letter_id}.")
    return row


def matching(wanted: Matching) -> Select[Any]:
    """Those that fit `wanted`, in any state."""
    query = select(DeadLetterRow)
    columns = {
        "cause": DeadLetterRow.cause_id,
        "stage": DeadLetterRow.stage,
        "error_class": DeadLetterRow.error_class,
        "message": DeadLetterRow.wire_name,
        "report": DeadLetterRow.report_id,
        "schedule": DeadLetterRow.schedule_id,
    }
    for name, column in columns.items():
        if (value := getattr(wanted, name)) is not None:
            query = query.where(column == value)
    return query


def causes(session: Session) -> list[Any]:
    """The causes of what is open, with an example's words, the most frequent first."""
    row = DeadLetterRow
    query = (
        select(
            row.cause_id,
            func.min(row.cause).label("cause"),
            func.min(row.stage).label("stage"),
            func.min(row.error_class).label("error_class"),
            func.min(row.wire_name).label("message"),
            func.count().label("count"),
            func.min(row.failed_at).label("first_at"),
            func.max(row.failed_at).label("last_at"),
        )
        .where(row.state == "open")
        .group_by(row.cause_id)
        .order_by(func.count().desc(), row.cause_id)
        .limit(MOST_CAUSES)
    )
    return list(session.execute(query).all())
