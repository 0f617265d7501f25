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
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySent,
    DeliveryUnknown,
)
from libs.common.outbox import Outbox
from services.mailer.answers import Answer, NoAnswer
from services.mailer.ledger import Ending, Entry

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


def accepted(answer: Answer) -> Ending:
    """The mail server has taken the letter."""
    return Ending(outcome="sent", answer=answer)


def lost() -> Ending:
    """The mailer that handed the letter over has not lived to write down the answer."""
    return Ending(
        outcome="unknown",
        error_class="unknown",
        reason="The mailer ended while it handed the letter over, and nobody heard the answer; it may have arrived.",
    )


def ending_of(error: Exception, turn: Turn, *, handed_over: bool) -> Ending:
    """How the attempt ends that `error` broke off. `handed_over`: the final dot may have been sent."""
    answer: Answer | None = getattr(error, "answer", None)
    if isinstance(error, PermanentFailure):
        return Ending(outcome="rejected", error_class="permanent", reason=str(error), answer=answer)
    if isinstance(error, TransientFailure):
        return _transient(str(error), turn, answer)
    if isinstance(error, NoAnswer):
        return Ending(outcome="unknown", error_class="unknown", reason=str(error))
    log.error("a delivery failed in a way that nobody foresaw", exc_info=error)
    reason = f"The mailer failed: {type(error).__name__}: {error}"
    if handed_over:
        return Ending(outcome="unknown", error_class="unknown", reason=f"{reason}. The letter may have arrived.")
    return _transient(reason, turn, None)


def verdict(error: Exception) -> Exception:
    """What the broker shall do with the command, which the class of a failure says."""
    if isinstance(error, PermanentFailure):
        return PermanentFailure(str(error))
    return TransientFailure(str(error))


def announce(session: Session, turn: Turn, ending: Ending, now: datetime) -> None:
    """Tell how the attempt ended, in the transaction that writes it down."""
    Outbox(session, now).add(_event(turn, ending, now))


def _transient(reason: str, turn: Turn, answer: Answer | None) -> Ending:
    if not turn.attempt.is_last:
        return Ending(outcome="deferred", error_class="transient", reason=reason, answer=answer)
    tried = "once" if turn.number == 1 else f"{turn.number} times"
    reason = f"{reason.rstrip('.')}. It was tried {tried}, and is given up."
    return Ending(outcome="rejected", error_class="transient", reason=reason, answer=answer)


def _event(turn: Turn, ending: Ending, now: datetime) -> DeliveryEvent:
    command = turn.command
    about: dict[str, Any] = {
        "at": now,
        "delivery_id": command.delivery_id,
        "report_id": command.report_id,
        "channel": command.channel,
        "recipient": command.recipient,
        "attempt": turn.number,
    }
    message_id, answer = turn.entry.rfc_message_id, str(ending.answer or "")
    match ending.outcome:
        case "sent":
            seconds = max(0.0, (now - turn.started_at).total_seconds())
            return DeliverySent(**about, rfc_message_id=message_id, answer=answer, seconds=seconds)
        case "unknown":
            return DeliveryUnknown(**about, rfc_message_id=message_id, reason=ending.reason)
        case "deferred":
            limit = turn.attempt.limit
            return DeliveryDeferred(**about, max_attempts=limit, reason=ending.reason, answer=answer)
        case "rejected":
            error_class = ending.error_class or "permanent"
            return DeliveryRejected(**about, reason=ending.reason, error_class=error_class, answer=answer)
