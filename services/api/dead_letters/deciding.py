"""What a person decides about a dead letter: to try it again, or to let it be. Both are audited."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from libs.common.outbox import Outbox
from services.api.audit import note
from services.api.dead_letters.finding import matching
from services.api.dead_letters.replaying import parcel_for
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Refused, conflict, wrong
from services.api.schemas.dead_letters import Discard, Matching, Replay, Settled
from services.api.tables import DeadLetterRow

MOST = 500
"""So many are settled in one request."""

_SAID = 20


def replay(session: Session, platform: Platform, caller: Caller, row: DeadLetterRow, wanted: Replay) -> None:
    """Order it again; Refused (409) if it is settled or cannot be replayed."""
    _must_be_open(row)
    now = platform.now
    Outbox(session, now).add_parcel(parcel_for(session, row, wanted, now))
    note(session, caller, "replayed", "dead_letter", row.id, now, how=wanted.how, changed=sorted(wanted.changes))
    _settle(row, "replayed", caller, now, f"Replayed {wanted.how}.")


def discard(session: Session, platform: Platform, caller: Caller, row: DeadLetterRow, wanted: Discard) -> None:
    """Let it be; Refused (409) if it is settled."""
    _must_be_open(row)
    now = platform.now
    note(session, caller, "discarded", "dead_letter", row.id, now, reason=wanted.reason)
    _settle(row, "discarded", caller, now, wanted.reason)


def for_all(session: Session, wanted: Matching, act: Callable[[DeadLetterRow], None]) -> Settled:
    """Do `act` with every open dead letter that matches, the oldest first; those that cannot are told."""
    if wanted == Matching():
        raise wrong(
            "matching", "matching must name at least one of cause, stage, error_class, message, report, schedule."
        )
    open_ones = matching(wanted).where(DeadLetterRow.state == "open")
    oldest = open_ones.order_by(DeadLetterRow.failed_at, DeadLetterRow.id).limit(MOST)
    settled, refused = 0, []
    for row in session.execute(oldest.with_for_update(skip_locked=True)).scalars().all():
        try:
            act(row)
            settled += 1
        except Refused as refusal:
            refused.append(f"{row.id}: {refusal.detail}")
    session.flush()
    left = _count(session, open_ones) - len(refused)
    return Settled(settled=settled, left=max(0, left), refused=refused[:_SAID])


def _count(session: Session, query: Select[Any]) -> int:
    return int(session.execute(select(func.count()).select_from(query.subquery())).scalar_one())


def _must_be_open(row: DeadLetterRow) -> None:
    if row.state != "open":
        words = {"replayed": "replayed already", "failed_again": "replayed, and has failed again as another one"}
        raise conflict(f"This dead letter is {words.get(row.state, row.state)}; only one that is open can be settled.")


def _settle(row: DeadLetterRow, state: str, caller: Caller, now: datetime, reason: str) -> None:
    row.state, row.settled_at, row.settled_by, row.settled_reason = state, now, caller.name, reason
