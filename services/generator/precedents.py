"""What each schedule remembers of its reports. It changes in the transaction that ends a report, and in no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from libs.common.store import upsert
from services.generator.judging.precedent import Precedent
from services.generator.tables import precedents


def recall(session: Session, schedule_id: UUID) -> Precedent:
    """What the schedule remembers; a fresh Precedent if there was no report yet."""
    row = session.execute(select(precedents).where(precedents.c.schedule_id == schedule_id)).one_or_none()
    if row is None:
        return Precedent()
    return Precedent(
        version=row.version,
        template_id=row.template_id,
        is_armed=row.is_armed,
        sent_for=row.sent_for,
        digest=row.digest,
        measures=row.measures,
    )


def remember(session: Session, schedule_id: UUID, after: Precedent, now: datetime) -> bool:
    """Write what a report leaves; False if another report of the schedule has ended since `after` was thought out.

    That one may have sent what this one was about to send: it has to be judged again.
    """
    if after.version == 0:
        first = {"schedule_id": schedule_id, "version": 0, **_columns(Precedent(), now)}
        upsert(session, precedents, first, key=["schedule_id"], update=[])
    written: Any = session.execute(
        update(precedents)
        .where(precedents.c.schedule_id == schedule_id, precedents.c.version == after.version)
        .values(version=after.version + 1, **_columns(after, now))
    )
    return bool(written.rowcount)


def remember_release(session: Session, schedule_id: UUID, sent: Precedent, now: datetime) -> None:
    """Write that a report which was held has been sent after all, unless a later one was sent meanwhile."""
    present = recall(session, schedule_id)
    if present.sent_for is not None and sent.sent_for is not None and present.sent_for > sent.sent_for:
        return
    after = replace(sent, version=present.version, is_armed=present.is_armed)
    if not remember(session, schedule_id, after, now):  # pragma: no cover - a report ended between two statements
        remember_release(session, schedule_id, sent, now)


def _columns(precedent: Precedent, now: datetime) -> Mapping[str, object]:
    return {
        "template_id": precedent.template_id,
        "is_armed": precedent.is_armed,
        "sent_for": precedent.sent_for,
        "digest": precedent.digest,
        "measures": dict(precedent.measures),
        "updated_at": now,
    }
