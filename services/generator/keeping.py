"""How long files are kept: what the journal knows of them after their report has ended.

    kept ──> deleting ──> deleted

A report whose files are `deleting` serves no other one any more. A process that dies while it deletes leaves them so;
the next one to clean goes on. Several may clean at the same time: deleting twice does no harm, and one of them tells.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import case, delete, select, update
from sqlalchemy.orm import Session

from services.generator.tables import journal

ENDED = ("finished", "failed", "skipped", "cancelled")
"""States in which nothing happens any more."""


@dataclass(frozen=True)
class Expired:
    """The files of one report whose time is over. `are_its_own`: false if an earlier report made them."""

    report_id: UUID
    keys: tuple[str, ...]
    are_its_own: bool


@dataclass(frozen=True)
class Earlier:
    """A report whose files may serve another one; `summary` is what its readers were told."""

    report_id: UUID
    ended_at: datetime
    summary: dict[str, Any]


def due(session: Session, now: datetime, limit: int) -> Sequence[Expired]:
    """At most `limit` reports whose files are to be deleted; from now on they serve no other report."""
    this = journal.c
    chosen = select(this.report_id).where(this.files == "kept", this.expires_at <= now).order_by(this.expires_at)
    session.execute(update(journal).where(this.report_id.in_(chosen.limit(limit))).values(files="deleting"))
    query = select(this.report_id, this.result, this.reused_from).where(this.files == "deleting").limit(limit)
    return [
        Expired(row.report_id, tuple(one["key"] for one in row.result or ()), row.reused_from is None)
        for row in session.execute(query)
    ]


def mark_deleted(session: Session, report_ids: Collection[UUID]) -> set[UUID]:
    """Those of the reports whose files count as deleted from now on; the others did so before."""
    marked = session.execute(
        update(journal)
        .where(journal.c.report_id.in_(report_ids), journal.c.files == "deleting")
        .values(files="deleted")
        .returning(journal.c.report_id)
    )
    return set(marked.scalars())


def fail_held(session: Session, report_ids: Collection[UUID], reason: str, now: datetime) -> Mapping[UUID, int]:
    """End those of the reports that still wait for an approval, each with its attempt: there is nothing to send."""
    failed = session.execute(
        update(journal)
        .where(journal.c.report_id.in_(report_ids), journal.c.state == "held")
        .values(state="failed", reason=reason, ended_at=now)
        .returning(journal.c.report_id, journal.c.attempt)
    )
    return {row.report_id: row.attempt for row in failed}


def prolong(session: Session, report_id: UUID, until: datetime) -> bool:
    """Keep the report's files at least until then, because another report has them too; False if they are gone."""
    until_column = case((journal.c.expires_at < until, until), else_=journal.c.expires_at)
    prolonged: Any = session.execute(
        update(journal)
        .where(journal.c.report_id == report_id, journal.c.files == "kept")
        .values(expires_at=until_column)
    )
    return bool(prolonged.rowcount)


def alike(session: Session, fingerprint: str, since: datetime) -> Earlier | None:
    """The last report since then that was asked for in the same way, and was made by reading its source."""
    this = journal.c
    query = (
        select(this.report_id, this.ended_at, this.summary)
        .where(
            this.fingerprint == fingerprint,
            this.ended_at >= since,
            this.state == "finished",
            this.files == "kept",
            this.reused_from.is_(None),
        )
        .order_by(this.ended_at.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else Earlier(row.report_id, row.ended_at, row.summary or {})


def forget(session: Session, before: datetime, limit: int) -> int:
    """Take at most `limit` reports out of the journal that ended before then and have no files; how many there were."""
    this = journal.c
    old = (
        select(this.report_id)
        # "not in" leads SQLite to the index of the moment: reports without files are nearly all there are
        .where(this.ended_at < before, this.state.in_(ENDED), this.files.not_in(("kept", "deleting")))
        .limit(limit)
    )
    forgotten: Any = session.execute(delete(journal).where(this.report_id.in_(old)))
    return int(forgotten.rowcount)
