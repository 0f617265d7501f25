"""How many reports read from one source at the same time, over all generators that share the journal.

A slot is nothing of its own: a report that runs with a live lease has one, so a slot ends with its report, and those of
a dead generator run out with its leases. A report that finds none is put back for a while without using up an attempt.
Whoever comes first takes a free slot, so that none stays empty; but one that was held for long goes before all that
came later.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session

from libs.common.messages import GenerateReport
from services.generator.journal import know
from services.generator.tables import journal

LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 1.0, 30.0
_SECONDS_PER_HELD = 0.5
"""The more reports are held, the seldomer each comes back to ask."""

LONG = timedelta(seconds=60)
"""A report that was held for so long goes before those that came later."""

_GRACE = timedelta(seconds=60)
"""One that has not come back by then (it was discarded, say) keeps no place in the row."""


@dataclass(frozen=True)
class Held:
    """The report has to wait: all slots of its source are taken."""

    seconds: float
    reason: str


def slot_source(command: GenerateReport) -> UUID | None:
    """The source of which the report needs a slot; None if any number may read from it."""
    source = command.order.source
    # A report that is made of its share of what was read before reads nothing from the source.
    return source.source_id if source.concurrency and command.order.part is None else None


def hold(session: Session, command: GenerateReport, now: datetime) -> Held | None:
    """Whether the report has to wait for a slot; call it in the transaction that would claim the report.

    It costs nothing where any number may read from the source, else one statement (on PostgreSQL two).
    """
    source_id = slot_source(command)
    if source_id is None:
        return None
    _one_at_a_time(session, source_id)
    allowed, crowd = command.order.source.concurrency, _crowd(session, source_id, command.report_id, now)
    if crowd.running + crowd.first < allowed or not _could_begin(session, command.report_id):
        return None
    seconds = _pause(command.report_id, crowd.held / allowed)
    know(session, command.report_id, now)
    session.execute(
        update(journal)
        .where(journal.c.report_id == command.report_id)
        .values(
            source_id=source_id,
            held_since=func.coalesce(journal.c.held_since, now, type_=journal.c.held_since.type),
            held_until=now + timedelta(seconds=seconds) + _GRACE,
        )
    )
    reports = "1 report reads" if allowed == 1 else f"{allowed} reports read"
    return Held(seconds, f"{reports} from the source '{command.order.source.name}' already, and no more may")


@dataclass(frozen=True)
class _Crowd:
    """Reports with a slot, those that have waited for long and longer than we, and all that wait."""

    running: int
    first: int
    held: int


def _crowd(session: Session, source_id: UUID, report_id: UUID, now: datetime) -> _Crowd:
    mine = (
        select(journal.c.held_since)
        .where(journal.c.report_id == report_id, journal.c.held_until >= now)
        .scalar_subquery()
    )
    is_running = and_(journal.c.state == "running", journal.c.lease_until >= now)
    is_held = and_(journal.c.state == "waiting", journal.c.held_until >= now)
    is_first = and_(is_held, journal.c.held_since < now - LONG, or_(mine.is_(None), journal.c.held_since < mine))
    counted: Any = session.execute(
        select(*(func.count().filter(one) for one in (is_running, is_first, is_held))).where(
            journal.c.source_id == source_id, journal.c.ended_at.is_(None), journal.c.report_id != report_id
        )
    ).one()
    return _Crowd(*counted)


def _could_begin(session: Session, report_id: UUID) -> bool:
    """False if the journal has another answer for the command than to begin: finished, cancelled, somebody's."""
    query = select(journal.c.state, journal.c.cancelled_at).where(journal.c.report_id == report_id)
    row = session.execute(query).one_or_none()
    return row is None or (row.state in ("waiting", "failed") and row.cancelled_at is None)


def _pause(report_id: UUID, crowd: float) -> float:
    """Not the same for all, or they would all come back together; the id is random enough."""
    share = 0.75 + (report_id.int % 1000) / 2000
    return max(LEAST_PAUSE_SECONDS, min(MOST_PAUSE_SECONDS, crowd * _SECONDS_PER_HELD)) * share


def _one_at_a_time(session: Session, source_id: UUID) -> None:
    # Two that count at the same time would both find the last slot. On SQLite a writing transaction is alone anyway.
    if session.get_bind().dialect.name == "postgresql":
        key = source_id.int & (2**63 - 1)
        session.execute(select(func.pg_advisory_xact_lock(key)))
