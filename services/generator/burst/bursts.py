"""The bursts of this installation: how far each is, and whether it goes on.

    held ──> spreading ──> spread
      │       │   ^
      │       v   │ (a person lets it go on)
      │      paused
      └───────┴──────────> stopped

How far it is, is written in the transaction that orders the reports up to there, by whoever finds it as they last saw
it. `spread` means that every report is ordered; it can still be stopped, and then those that have not begun never do.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from libs.common.delivering import BurstState
from libs.common.messages import BurstChanged, GenerateReport
from libs.common.outbox import Outbox
from services.generator.burst.assignment import Listed
from services.generator.journal import Cancellation
from services.generator.tables import bursts, journal

AT_WORK: tuple[BurstState, ...] = ("spreading",)
WAITING: tuple[BurstState, ...] = ("held", "paused")
LIVE: tuple[BurstState, ...] = ("held", "paused", "spreading", "spread")
EXPIRED = "The list of its recipients was deleted because its time was over."

# Built once: each report of a burst asks.
_STOPPED = select(bursts.c.changed_by, bursts.c.reason)


@dataclass(frozen=True, kw_only=True)
class Burst:
    """A burst whose reports are being ordered; `command` asked for it."""

    command: GenerateReport
    prefix: str
    position: int
    ordered: int
    lines: int
    orderable: int
    pause_at: int | None
    version: int
    changed_at: datetime


def begin(session: Session, command: GenerateReport, listed: Listed, now: datetime) -> tuple[BurstState, str]:
    """Let a burst begin, or wait if there are more recipients than it may have; its state, and why it waits."""
    assert command.order.burst is not None
    cap, canary = command.order.burst.cap, command.order.burst.canary
    state: BurstState = "spreading" if listed.lines else "spread"
    reason = ""
    if listed.orderable > cap:
        state = "held"
        many = f"There are {listed.orderable:,} recipients, more than the cap of {cap:,}"
        reason = f"{many}: a person has to let them go on."
    row = {
        "report_id": command.report_id,
        "state": state,
        "version": 1,
        "command": msgspec.to_builtins(command),
        "prefix": listed.prefix,
        "position": 0,
        "ordered": 0,
        "lines": listed.lines,
        "orderable": listed.orderable,
        "pause_at": canary or None,
        "reason": reason,
        "changed_by": "",
        "created_at": now,
        "changed_at": now,
    }
    session.execute(delete(bursts).where(bursts.c.report_id == command.report_id))
    session.execute(insert(bursts).values(row))
    return state, reason


def spreading(session: Session, limit: int) -> Sequence[Burst]:
    """Bursts whose reports are to be ordered, those that waited longest first."""
    query = select(bursts).where(bursts.c.state == "spreading").order_by(bursts.c.changed_at).limit(limit)
    return [
        Burst(
            command=msgspec.convert(row.command, GenerateReport),
            prefix=row.prefix,
            position=row.position,
            ordered=row.ordered,
            lines=row.lines,
            orderable=row.orderable,
            pause_at=row.pause_at,
            version=row.version,
            changed_at=row.changed_at,
        )
        for row in session.execute(query)
    ]


def under_way(session: Session, burst: Burst) -> int:
    """How many of its reports are ordered and have not ended."""
    ended = select(func.count()).where(journal.c.parent_id == burst.command.report_id, journal.c.ended_at.is_not(None))
    return max(0, burst.ordered - session.execute(ended).scalar_one())


def advance(session: Session, burst: Burst, position: int, ordered: int, now: datetime) -> bool:
    """Write how far it has come; False if somebody else was faster, or has stopped it."""
    advanced: Any = session.execute(
        update(bursts)
        .where(
            bursts.c.report_id == burst.command.report_id,
            bursts.c.position == burst.position,
            bursts.c.version == burst.version,
            bursts.c.state == "spreading",
        )
        .values(position=position, ordered=ordered, changed_at=now)
    )
    return bool(advanced.rowcount)


def change(
    session: Session,
    report_id: UUID,
    before: Collection[BurstState],
    after: BurstState,
    now: datetime,
    *,
    reason: str = "",
    by: str = "",
) -> bool:
    """Let a burst that is in one of the states `before` be in another, and tell; False if it is in none of them."""
    values: Mapping[str, Any] = {"state": after, "reason": reason, "changed_by": by, "changed_at": now}
    if after == "spreading":
        # One that was held pauses after its canary all the same; one that has paused goes on to the end.
        values = {**values, "pause_at": func.nullif(bursts.c.pause_at, bursts.c.ordered)}
    changed = session.execute(
        update(bursts)
        .where(bursts.c.report_id == report_id, bursts.c.state.in_(before))
        .values(version=bursts.c.version + 1, **values)
        .returning(bursts.c.version)
    ).one_or_none()
    if changed is None:
        return False
    told = BurstChanged(at=now, report_id=report_id, version=changed.version, state=after, reason=reason, by=by)
    Outbox(session, now).add(told)
    return True


def stop(session: Session, report_id: UUID, now: datetime, *, reason: str, by: str) -> bool:
    """Order no more reports; False if there is no such burst, or it was stopped before."""
    return change(session, report_id, LIVE, "stopped", now, reason=reason, by=by)


def stopped(session: Session, parent_id: UUID) -> Cancellation | None:
    """Who has stopped the burst of which a report is a part; None if nobody has."""
    row = session.execute(_STOPPED.where(bursts.c.report_id == parent_id, bursts.c.state == "stopped")).one_or_none()
    return None if row is None else Cancellation(row.changed_by, row.reason)


def state_of(session: Session, report_id: UUID) -> BurstState | None:
    """The state of a burst; None if there is none."""
    found = session.execute(select(bursts.c.state).where(bursts.c.report_id == report_id)).scalar_one_or_none()
    return cast("BurstState | None", found)


def expire(session: Session, report_ids: Collection[UUID], now: datetime) -> None:
    """Stop those of the bursts that still need their lists, which are gone."""
    for report_id in report_ids:
        change(session, report_id, ("held", "paused", "spreading"), "stopped", now, reason=EXPIRED, by="generator")


def forget(session: Session, before: datetime) -> None:
    """Forget bursts that have ended so long ago."""
    old = bursts.c.state.in_(("spread", "stopped"))
    session.execute(delete(bursts).where(old, bursts.c.changed_at < before))
