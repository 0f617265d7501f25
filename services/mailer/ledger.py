"""The ledger: what happened to every delivery, attempt by attempt. Its states decide what may happen next.

    pending ──> sending ──> sent | rejected | unknown
       └──────> deferred ──> (the next attempt) ; rejected

Every change is conditional on the state and the newest attempt, so of two mailers with the same command one changes
the row and the other one learns that it may not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec
from sqlalchemy import and_, bindparam, insert, select, tuple_, update
from sqlalchemy.orm import Session

from libs.common.messages import DeliverReport, ErrorClass
from libs.common.store import Store, upsert
from services.mailer.answers import Answer
from services.mailer.tables import attempts, deliveries

State = Literal["pending", "sending", "sent", "deferred", "rejected", "unknown"]
Outcome = Literal["sent", "deferred", "rejected", "unknown"]

SETTLED: frozenset[State] = frozenset({"sent", "rejected", "unknown"})
_WAITING: tuple[State, ...] = ("pending", "deferred")
_OPEN: tuple[State, ...] = ("pending", "deferred", "sending")

# Built once: to build a statement costs more than to execute it, and each letter needs most of them.
_wanted = deliveries.c.delivery_id == bindparam("wanted")
_newest = and_(_wanted, deliveries.c.attempt == bindparam("this"))
_attempt = and_(attempts.c.delivery_id == bindparam("wanted"), attempts.c.number == bindparam("this"))

_ENTRY = select(deliveries).where(_wanted).with_for_update()
_INTERRUPT = (
    update(attempts)
    .where(attempts.c.delivery_id == bindparam("wanted"), attempts.c.ended_at.is_(None))
    .values(ended_at=bindparam("now"), outcome="interrupted")
)
_NUMBER = update(deliveries).where(_wanted).values(attempt=bindparam("next"))
_BEGIN = insert(attempts)
_CLAIM = (
    update(deliveries)
    .where(_newest, deliveries.c.state.in_(_WAITING))
    .values(state="sending", changed_at=bindparam("now"), lease_until=bindparam("until"))
)
_HANDED_OVER = update(attempts).where(_attempt).values(sending_at=bindparam("now"))
_END = (
    update(deliveries)
    .where(_newest, deliveries.c.state.in_(_OPEN))
    .values(state=bindparam("new_state"), changed_at=bindparam("now"))
)
_ENDED = (
    update(attempts)
    .where(_attempt)
    .values(
        ended_at=bindparam("now"),
        outcome=bindparam("new_outcome"),
        smtp_code=bindparam("code"),
        answer=bindparam("words"),
        reason=bindparam("why"),
    )
)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as it stands. `lease_until` tells how long somebody may wait for the answer to a `sending` one."""

    delivery_id: UUID
    rfc_message_id: str
    state: State
    attempt: int
    first_seen_at: datetime
    lease_until: datetime | None


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: in whose words, and in ours."""

    outcome: Outcome
    error_class: ErrorClass | None = None
    reason: str = ""
    answer: Answer | None = None


class Ledger:
    """All deliveries of this installation. Several mailers may share one ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def begin(self, *, may_be_lost: bool = False) -> Iterator[Session]:
        """A transaction that ends with the block: what it changes and announces goes together (see Store.begin)."""
        with self._store.begin(may_be_lost=may_be_lost) as session:
            yield session

    def entry(self, session: Session, command: DeliverReport, rfc_message_id: str, now: datetime) -> Entry:
        """The delivery of `command`, written down if it is new; nobody else changes it before the transaction ends."""
        new = {
            "delivery_id": command.delivery_id,
            "report_id": command.report_id,
            "channel": command.channel,
            "address": command.recipient.address,
            "name": command.recipient.name,
            "rfc_message_id": rfc_message_id,
            "state": "pending",
            "attempt": 0,
            "first_seen_at": now,
            "changed_at": now,
        }
        if upsert(session, deliveries, new, key=["delivery_id"], update=[]):
            return Entry(
                delivery_id=command.delivery_id,
                rfc_message_id=rfc_message_id,
                state="pending",
                attempt=0,
                first_seen_at=now,
                lease_until=None,
            )
        found = session.connection().execute(_ENTRY, {"wanted": command.delivery_id}).mappings().one()
        return Entry(**{name: found[name] for name in Entry.__struct_fields__})

    def start_attempt(self, session: Session, entry: Entry, now: datetime) -> int:
        """Begin the next attempt and return its number; older ones that never ended were interrupted."""
        delivery_id, number = entry.delivery_id, entry.attempt + 1
        connection = session.connection()
        if entry.attempt:
            connection.execute(_INTERRUPT, {"wanted": delivery_id, "now": now})
        connection.execute(_NUMBER, {"wanted": delivery_id, "next": number})
        connection.execute(
            _BEGIN, {"delivery_id": delivery_id, "number": number, "started_at": now, "answer": "", "reason": ""}
        )
        return number

    def claim_sending(
        self, session: Session, delivery_id: UUID, attempt: int, now: datetime, lease_until: datetime
    ) -> bool:
        """Turn the delivery to `sending`; False if a newer attempt or an end came in between."""
        this = {"wanted": delivery_id, "this": attempt}
        claimed = session.connection().execute(_CLAIM, {**this, "now": now, "until": lease_until})
        if not claimed.rowcount:
            return False
        session.connection().execute(_HANDED_OVER, {**this, "now": now})
        return True

    def renew(self, session: Session, held: Collection[tuple[UUID, int]], lease_until: datetime) -> None:
        """Prolong the leases of those attempts (delivery and number) that are `sending`."""
        session.execute(
            update(deliveries)
            .where(
                deliveries.c.state == "sending", tuple_(deliveries.c.delivery_id, deliveries.c.attempt).in_(list(held))
            )
            .values(lease_until=lease_until)
        )

    def end_attempt(self, session: Session, delivery_id: UUID, attempt: int, ending: Ending, now: datetime) -> bool:
        """Write down how the attempt ended; False if a newer attempt or an end came in between."""
        this = {"wanted": delivery_id, "this": attempt}
        ended = session.connection().execute(_END, {**this, "new_state": ending.outcome, "now": now})
        if not ended.rowcount:
            return False
        outcome = {
            "new_outcome": ending.outcome,
            "code": ending.answer.code if ending.answer else None,
            "words": str(ending.answer or ""),
            "why": ending.reason,
        }
        session.connection().execute(_ENDED, {**this, **outcome, "now": now})
        return True
