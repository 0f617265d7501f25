"""How an attempt ends: from what went wrong to a line in the ledger, an event and a word to the broker."""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy.orm import Session

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.messages import (
    DeliverReport,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySending,
    DeliverySent,
    DeliverySuppressed,
    DeliveryUnknown,
    NoticeEnded,
    SendNotice,
)
from libs.common.outbox import Outbox
from services.mailer.answers import Answer, NoAnswer
from services.mailer.ledger import Ending, Entry, Stopped
from services.mailer.senders import Receipt

log = logging.getLogger(__name__)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt at a delivery: `number` counts in the ledger, `attempt` in the broker's retries.

    They differ when a mailer was killed: its attempt has a number, but was no retry.
    """

    command: DeliverReport
    attempt: Attempt
    number: int
    entry: Entry
    started_at: datetime
    not_before: datetime | None = None
    """When the rate of its profile lets it leave; None: at once."""
    notice: SendNotice | None = None
    """What is told, if it is no report; nobody hears of its attempts, only of its end."""


def accepted(receipt: Receipt) -> Ending:
    """The other side has taken the letter."""
    return Ending(outcome="sent", answer=receipt.answer, receipt=receipt)


def suppressed(reason: str) -> Ending:
    """The recipient does not want letters, or cannot get any."""
    return Ending(outcome="suppressed", reason=reason)


def cancelled(reason: str) -> Ending:
    """Somebody stopped the report."""
    return Ending(outcome="cancelled", reason=reason)


def lost(turn: Turn) -> Ending:
    """The mailer that handed the letter over has not lived to write down the answer."""
    reason = "The mailer ended while it handed the letter over, and nobody heard the answer; it may have arrived."
    # A mailer that was killed has used up no retry of the broker, so the numbers of the ledger are what counts.
    return _unknown(reason, turn, again=turn.number < turn.attempt.limit)


def ending_of(error: Exception, turn: Turn, *, handed_over: bool) -> Ending:
    """How the attempt ends that `error` broke off. `handed_over`: the final dot may have been sent."""
    answer: Answer | None = getattr(error, "answer", None)
    if isinstance(error, PermanentFailure):
        return Ending(outcome="rejected", error_class="permanent", reason=str(error), answer=answer)
    if isinstance(error, TransientFailure):
        return _transient(str(error), turn, answer)
    if isinstance(error, NoAnswer):
        return _unknown(str(error), turn, again=not turn.attempt.is_last)
    log.error("a delivery failed in a way that nobody foresaw", exc_info=error)
    reason = f"The mailer failed: {type(error).__name__}: {error}"
    if handed_over:
        return _unknown(f"{reason}. The letter may have arrived.", turn, again=not turn.attempt.is_last)
    return _transient(reason, turn, None)


def verdict(error: Exception) -> Exception:
    """What the broker shall do with the command, which the class of a failure says."""
    if isinstance(error, PermanentFailure):
        return PermanentFailure(str(error))
    again = TransientFailure(str(error))
    again.pause_seconds = getattr(error, "pause_seconds", None)
    return again


def announce(session: Session, turn: Turn, ending: Ending, now: datetime) -> None:
    """Tell how the attempt ended, in the transaction that writes it down."""
    event = _event(turn, ending, now) if turn.notice is None else _notice_event(turn.notice, ending, now)
    if event is not None:
        Outbox(session, now).add(event)


def announce_sending(session: Session, turn: Turn, now: datetime) -> None:
    """Tell that the answer to a letter takes its time."""
    if turn.notice is None:
        Outbox(session, now).add(DeliverySending(**_about(turn, now)))


def announce_stopped(session: Session, stopped: Stopped, reason: str, now: datetime) -> None:
    """Tell that a delivery was cancelled while no attempt was made."""
    about = msgspec.structs.asdict(stopped)
    Outbox(session, now).add(DeliveryCancelled(at=now, **about, reason=reason))


def _unknown(reason: str, turn: Turn, *, again: bool) -> Ending:
    if again and turn.command.manner.resend_unknown:
        reason = f"{reason.rstrip('.')}. It is sent again, because its schedule wants that."
        return Ending(outcome="deferred", error_class="unknown", reason=reason)
    return Ending(outcome="unknown", error_class="unknown", reason=reason)


def _transient(reason: str, turn: Turn, answer: Answer | None) -> Ending:
    if not turn.attempt.is_last:
        return Ending(outcome="deferred", error_class="transient", reason=reason, answer=answer)
    tried = "once" if turn.number == 1 else f"{turn.number} times"
    reason = f"{reason.rstrip('.')}. It was tried {tried}, and is given up."
    return Ending(outcome="rejected", error_class="transient", reason=reason, answer=answer)


def _about(turn: Turn, now: datetime) -> dict[str, Any]:
    command = turn.command
    return {
        "at": now,
        "delivery_id": command.delivery_id,
        "report_id": command.report_id,
        "channel": command.channel,
        "recipient": command.recipient,
        "attempt": turn.number,
    }


def _event(turn: Turn, ending: Ending, now: datetime) -> DeliveryEvent:
    about = _about(turn, now)
    message_id, answer = turn.entry.rfc_message_id, str(ending.answer or "")
    match ending.outcome:
        case "sent":
            return _sent(turn, ending, now)
        case "unknown":
            return DeliveryUnknown(**about, rfc_message_id=message_id, reason=ending.reason)
        case "deferred":
            limit = turn.attempt.limit
            return DeliveryDeferred(**about, max_attempts=limit, reason=ending.reason, answer=answer)
        case "rejected":
            error_class = ending.error_class or "permanent"
            return DeliveryRejected(**about, reason=ending.reason, error_class=error_class, answer=answer)
        case "suppressed":
            return DeliverySuppressed(**about, reason=ending.reason)
        case "cancelled":
            return DeliveryCancelled(**about, reason=ending.reason)


def _notice_event(notice: SendNotice, ending: Ending, now: datetime) -> NoticeEnded | None:
    """How a notice ended; None if it is tried again."""
    if ending.outcome == "deferred":
        return None
    state = "rejected" if ending.outcome == "cancelled" else ending.outcome
    answer = str(ending.answer or "")
    return NoticeEnded(at=now, notice_id=notice.notice_id, state=state, reason=ending.reason, answer=answer)


def _sent(turn: Turn, ending: Ending, now: datetime) -> DeliverySent:
    receipt = ending.receipt or Receipt(answer=ending.answer or Answer(0, ""))
    return DeliverySent(
        **_about(turn, now),
        rfc_message_id=turn.entry.rfc_message_id,
        answer=str(receipt.answer),
        seconds=max(0.0, (now - turn.started_at).total_seconds()),
        queue_id=receipt.queue_id,
        form=receipt.form,
        bytes=receipt.bytes,
    )
