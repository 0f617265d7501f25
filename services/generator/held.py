"""Reports whose files wait for an approval: what is kept of them meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from libs.common.messages import GenerateReport
from services.generator.job import Produced
from services.generator.tables import held_reports


class Held(NamedTuple):
    """A report that waits: what was ordered, and what was made in which attempt."""

    command: GenerateReport
    attempt: int
    produced: Produced


def hold(session: Session, command: GenerateReport, attempt: int, produced: Produced, now: datetime) -> None:
    """Keep all that is needed to send the report later. A former attempt that was held is forgotten."""
    let_go(session, command.report_id)
    row = {
        "report_id": command.report_id,
        "attempt": attempt,
        "command": msgspec.to_builtins(command),
        "produced": msgspec.to_builtins(produced),
        "held_at": now,
    }
    session.execute(insert(held_reports).values(row))


def held(session: Session, report_id: UUID) -> Held | None:
    """What is kept of the report; None if it does not wait."""
    row = session.execute(select(held_reports).where(held_reports.c.report_id == report_id)).one_or_none()
    if row is None:
        return None
    command = msgspec.convert(row.command, GenerateReport)
    return Held(command, row.attempt, msgspec.convert(row.produced, Produced))


def let_go(session: Session, report_id: UUID) -> None:
    """Forget a report that waits no more."""
    session.execute(delete(held_reports).where(held_reports.c.report_id == report_id))
