"""The ledger: what happened to every delivery, attempt by attempt. Its states decide what may happen next.

    pending ──> sending ──> sent | rejected | unknown
       ├──────> deferred ──> (the next attempt) ; rejected
       └──────> suppressed | cancelled            (a deferred one too)
    sent | unknown ──> bounced

Every change is conditional on the state and the newest attempt, so of two mailers with the same command one changes
the row and the other one learns that it may not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Literal, cast
from uuid import UUID

import msgspec
from msgspec.structs import replace
from sqlalchemy import Executable, and_, bindparam, exists, insert, select, tuple_, update
from sqlalchemy.orm import Session

from libs.common.delivering import Channel
from libs.common.messages import DeliverReport, ErrorClass, Recipient
from libs.common.store import Store, upsert
from services.mailer.answers import Answer
from services.mailer.senders import Receipt
from services.mailer.tables import attempts, cancellations, deliveries, rates

State = Literal["pending", "sending", "sent", "deferred", "rejected", "bounced", "suppressed", "unknown", "cancelled"]
Outcome = Literal["sent", "deferred", "rejected", "unknown", "suppressed", "cancelled"]

Kind = Literal["report", "notice"]
"""What a delivery brings."""

SETTLED: frozenset[State] = frozenset({"sent", "rejected", "bounced", "suppressed", "unknown", "cancelled"})
_REOPENED: frozenset[State] = frozenset({"rejected", "suppressed", "unknown"})
"""A person may ask to try these again. What is sent stays sent, and who cancelled a report has to ask for it anew."""
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
_NUMBER = (
    update(deliveries)
    .where(_wanted, ~exists().where(cancellations.c.report_id == deliveries.c.report_id))
    .values(attempt=bindparam("next"))
)
_BEGIN = insert(attempts)
_CLAIM = (
    update(deliveries)
    .where(_newest, deliveries.c.state.in_(_OPEN))
    .values(state="sending", changed_at=bindparam("now"), lease_until=bindparam("until"))
)
_HANDED_OVER = update(attempts).where(_attempt).values(sending_at=bindparam("now"))
_END = (
    update(deliveries)
    .where(_newest, deliveries.c.state.in_(_OPEN))
    .values(state=bindparam("new_state"), changed_at=bindparam("now"), queue_id=bindparam("new_queue_id"))
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
_REOPEN = (
    update(deliveries)
    .where(_wanted, deliveries.c.replay < bindparam("asked"))
    .values(state="pending", changed_at=bindparam("now"), lease_until=None, reason="", replay=bindparam("asked"))
)
_SETTLE = (
    update(deliveries)
    .where(_wanted, deliveries.c.state.in_(_WAITING))
    .values(state=bindparam("new_state"), changed_at=bindparam("now"), reason=bindparam("why"))
)
_CANCEL = (
    update(deliveries)
    .where(deliveries.c.report_id == bindparam("wanted"), deliveries.c.state.in_(_WAITING))
    .values(state="cancelled", changed_at=bindparam("now"), reason=bindparam("why"))
    .returning(deliveries)
)
_WHY_CANCELLED = select(cancellations.c.reason).where(cancellations.c.report_id == bindparam("wanted"))
_NEXT_AT = select(rates.c.next_at).where(rates.c.profile_id == bindparam("wanted")).with_for_update()
_SET_NEXT = update(rates).where(rates.c.profile_id == bindparam("wanted")).values(next_at=bindparam("next"))


# The lines of attempts decide nothing: they are written at the end of a transaction, those of all its letters together.
_LINES = "lines of attempts"
_IN_ORDER: tuple[Executable, ...] = (_BEGIN, _HANDED_OVER, _ENDED)


def _line(session: Session, statement: Executable, values: dict[str, Any]) -> None:
    session.info.setdefault(_LINES, {}).setdefault(statement, []).append(values)


def _write_lines(session: Session) -> None:
    lines = session.info.pop(_LINES, {})
    for statement in _IN_ORDER:
        if rows := lines.get(statement):
            session.connection().execute(statement, rows)


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One delivery as it stands. `lease_until` tells how long somebody may wait for the answer to a `sending` one."""

    delivery_id: UUID
    rfc_message_id: str
    state: State
    attempt: int
    first_seen_at: datetime
    lease_until: datetime | None
    replay: int = 0


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """How an attempt ended: in whose words, and in ours."""

    outcome: Outcome
    error_class: ErrorClass | None = None
    reason: str = ""
    answer: Answer | None = None
    receipt: Receipt | None = None

    @property
    def attempt_outcome(self) -> Outcome:
        """What the line of the attempt says: one whose answer nobody heard stays `unknown`, even if another follows."""
        return "unknown" if self.error_class == "unknown" else self.outcome


class Stopped(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery that was cancelled before it was sent."""

    delivery_id: UUID
    report_id: UUID
    channel: Channel
    recipient: Recipient
    attempt: int


class Ledger:
    """All deliveries of this installation. Several mailers may share one ledger."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def begin(self, *, may_be_lost: bool = False) -> Iterator[Session]:
        """A transaction that ends with the block: what it changes and announces goes together (see Store.begin)."""
        with self._store.begin(may_be_lost=may_be_lost) as session:
            yield session
            _write_lines(session)

    def entry(
        self, session: Session, command: DeliverReport, rfc_message_id: str, now: datetime, kind: Kind = "report"
    ) -> Entry:
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
            "role": command.recipient.role,
            "kind": kind,
            "replay": command.replay,
        }
        if upsert(session, deliveries, new, key=["delivery_id"], update=[]):
            return Entry(
                delivery_id=command.delivery_id,
                rfc_message_id=rfc_message_id,
                state="pending",
                attempt=0,
                first_seen_at=now,
                lease_until=None,
                replay=command.replay,
            )
        found = session.connection().execute(_ENTRY, {"wanted": command.delivery_id}).mappings().one()
        entry = Entry(**{name: found[name] for name in Entry.__struct_fields__})
        if command.replay > entry.replay and entry.state in _REOPENED:
            again = {"wanted": command.delivery_id, "asked": command.replay, "now": now}
            session.connection().execute(_REOPEN, again)
            return replace(entry, state="pending", lease_until=None, replay=command.replay)
        return entry

    def start_attempt(self, session: Session, entry: Entry, now: datetime) -> int | None:
        """Begin the next attempt and return its number; older ones that never ended were interrupted.

        None if somebody has stopped the report of this delivery.
        """
        delivery_id, number = entry.delivery_id, entry.attempt + 1
        connection = session.connection()
        if entry.attempt:
            _write_lines(session)
            connection.execute(_INTERRUPT, {"wanted": delivery_id, "now": now})
        if not connection.execute(_NUMBER, {"wanted": delivery_id, "next": number}).rowcount:
            return None
        line = {"delivery_id": delivery_id, "number": number, "started_at": now, "answer": "", "reason": ""}
        _line(session, _BEGIN, line)
        return number

    def claim_sending(
        self, session: Session, delivery_id: UUID, attempt: int, now: datetime, lease_until: datetime
    ) -> bool:
        """Turn the delivery to `sending`; False if a newer attempt or an end came in between.

        An attempt may do so again: a letter that was refused as too large is offered in another form.
        """
        this = {"wanted": delivery_id, "this": attempt}
        claimed = session.connection().execute(_CLAIM, {**this, "now": now, "until": lease_until})
        if not claimed.rowcount:
            return False
        _line(session, _HANDED_OVER, {**this, "now": now})
        return True

    def renew(
        self, session: Session, held: Collection[tuple[UUID, int]], lease_until: datetime
    ) -> list[tuple[UUID, int]]:
        """Prolong the leases of those attempts (delivery and number) that are `sending`, and return these."""
        renewed = session.execute(
            update(deliveries)
            .where(
                deliveries.c.state == "sending", tuple_(deliveries.c.delivery_id, deliveries.c.attempt).in_(list(held))
            )
            .values(lease_until=lease_until)
            .returning(deliveries.c.delivery_id, deliveries.c.attempt)
        )
        return [(row.delivery_id, row.attempt) for row in renewed]

    def end_attempt(self, session: Session, delivery_id: UUID, attempt: int, ending: Ending, now: datetime) -> bool:
        """Write down how the attempt ended; False if a newer attempt or an end came in between."""
        this = {"wanted": delivery_id, "this": attempt}
        queue_id = ending.receipt.queue_id if ending.receipt else ""
        change = {**this, "new_state": ending.outcome, "now": now, "new_queue_id": queue_id}
        if not session.connection().execute(_END, change).rowcount:
            return False
        outcome = {
            "new_outcome": ending.attempt_outcome,
            "code": ending.answer.code if ending.answer else None,
            "words": str(ending.answer or ""),
            "why": ending.reason,
        }
        _line(session, _ENDED, {**this, **outcome, "now": now})
        return True

    def settle(self, session: Session, delivery_id: UUID, ending: Ending, now: datetime) -> bool:
        """End a delivery without an attempt; False if it is being sent, or has ended."""
        change = {"wanted": delivery_id, "new_state": ending.outcome, "why": ending.reason, "now": now}
        return bool(session.connection().execute(_SETTLE, change).rowcount)

    # Stopping ----------------------------------------------------------------------------------------------

    def cancel(self, session: Session, report_id: UUID, reason: str, now: datetime) -> list[Stopped]:
        """Cancel the deliveries of a report that are not sent yet, and those whose commands will come.

        What is being sent, and what has ended, stays. Returns those that were cancelled now.
        """
        known = {"report_id": report_id, "reason": reason, "cancelled_at": now}
        upsert(session, cancellations, known, key=["report_id"], update=[])
        found = session.connection().execute(_CANCEL, {"wanted": report_id, "why": reason, "now": now})
        return [
            Stopped(
                delivery_id=row.delivery_id,
                report_id=row.report_id,
                channel=cast("Channel", row.channel),
                recipient=Recipient(address=row.address, name=row.name, role=row.role),
                attempt=row.attempt,
            )
            for row in found
        ]

    def why_cancelled(self, session: Session, report_id: UUID) -> str:
        """Why a report was stopped; empty if it was not."""
        return str(session.connection().execute(_WHY_CANCELLED, {"wanted": report_id}).scalar() or "")

    # Rates -------------------------------------------------------------------------------------------------

    def reserve(
        self, session: Session, profile_id: UUID, every: timedelta, now: datetime, patience: timedelta
    ) -> tuple[datetime, bool]:
        """When a letter of this profile may leave if one leaves `every` so often, and whether that was reserved.

        It is not if that is later than `patience` from now: then the letter has to ask again.
        """
        new = {"profile_id": profile_id, "next_at": now}
        connection = session.connection()
        upsert(session, rates, new, key=["profile_id"], update=[])
        slot = max(now, connection.execute(_NEXT_AT, {"wanted": profile_id}).scalar_one())
        if slot > now + patience:
            return slot, False
        connection.execute(_SET_NEXT, {"wanted": profile_id, "next": slot + every})
        return slot, True
