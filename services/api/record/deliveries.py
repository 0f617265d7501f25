"""What the generator plans and the mailer tells about a delivery."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from libs.common.delivering import Channel
from libs.common.messages import (
    DeliveryBounced,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySending,
    DeliverySent,
    DeliverySuppressed,
    DeliveryUnknown,
    PlannedDelivery,
    Recipient,
)
from services.api.record.standing import Standing, earliest
from services.api.tables import DeliveryAttemptRow, DeliveryRow

STATES = ("pending", "sending", "deferred", "cancelled", "suppressed", "rejected", "unknown", "sent", "bounced")
"""The states of a delivery, in the order in which the later one stands."""

FINALS = ("sent", "bounced")
"""What was accepted can still come back; nothing else comes after these."""

_UNDER_WAY = ("sending", "deferred")
_TRIED = ("sending", "deferred", "rejected", "unknown", "sent")
"""What an attempt can come to; the others are told of a delivery as a whole."""


def keep_planned(session: Session, report_id: UUID, planned: PlannedDelivery, at: datetime) -> None:
    """The generator has ordered this delivery."""
    _known(session, planned.delivery_id, report_id, planned.channel, planned.recipient, at)


def keep_delivery(session: Session, event: DeliveryEvent) -> None:
    """Keep what the mailer tells; the caller holds the report's row locked."""
    row = _known(session, event.delivery_id, event.report_id, event.channel, event.recipient, event.at)
    state, facts = _facts(event)
    if state in _TRIED:
        _keep_attempt(session, event, state, facts)
    _keep_letter(row, event, facts)
    new = Standing.of(STATES, state, event.attempt, event.at, FINALS)
    if new <= Standing.of(STATES, row.state, row.attempt, row.state_at, FINALS):
        return
    row.state, row.attempt, row.state_at = state, event.attempt, event.at
    row.ended_at = None if state in _UNDER_WAY else event.at
    row.reason, row.answer = facts.get("reason", ""), facts.get("answer", "")
    row.error_class = facts.get("error_class")


def _keep_letter(row: DeliveryRow, event: DeliveryEvent, facts: dict[str, Any]) -> None:
    """What is true of the letter whatever becomes of it; a delivery has one Message-ID, and is accepted once."""
    row.rfc_message_id = facts.get("rfc_message_id") or row.rfc_message_id
    if isinstance(event, DeliveryDeferred):
        row.max_attempts = max(row.max_attempts or 0, event.max_attempts)
    elif isinstance(event, DeliverySent):
        row.queue_id, row.form, row.bytes = event.queue_id, event.form, event.bytes


def _facts(event: DeliveryEvent) -> tuple[str, dict[str, Any]]:
    if isinstance(event, DeliverySent):
        return "sent", {"answer": event.answer, "rfc_message_id": event.rfc_message_id, "seconds": event.seconds}
    if isinstance(event, DeliveryDeferred):
        return "deferred", {"reason": event.reason, "answer": event.answer}
    if isinstance(event, DeliveryRejected):
        return "rejected", {"reason": event.reason, "answer": event.answer, "error_class": event.error_class}
    if isinstance(event, DeliveryUnknown):
        return "unknown", {"reason": event.reason, "rfc_message_id": event.rfc_message_id}
    if isinstance(event, DeliveryBounced):
        return "bounced", {"reason": event.reason, "answer": event.answer}
    if isinstance(event, (DeliverySuppressed, DeliveryCancelled)):
        return "suppressed" if isinstance(event, DeliverySuppressed) else "cancelled", {"reason": event.reason}
    if isinstance(event, DeliverySending):
        return "sending", {}
    raise TypeError(f"{type(event).__name__} is no event that the record keeps")


def _known(
    session: Session, delivery_id: UUID, report_id: UUID, channel: Channel, recipient: Recipient, at: datetime
) -> DeliveryRow:
    row = session.get(DeliveryRow, delivery_id)
    if row is None:
        row = DeliveryRow(
            id=delivery_id,
            report_id=report_id,
            channel=channel,
            address=recipient.address,
            name=recipient.name,
            state="pending",
            attempt=0,
            reason="",
            answer="",
            created_at=at,
        )
        session.add(row)
    row.created_at = earliest(row.created_at, at) or at
    return row


def _keep_attempt(session: Session, event: DeliveryEvent, outcome: str, facts: dict[str, Any]) -> None:
    row = session.get(DeliveryAttemptRow, (event.delivery_id, event.attempt))
    if row is None:
        session.flush()
        row = DeliveryAttemptRow(delivery_id=event.delivery_id, attempt=event.attempt, outcome="pending", at=event.at)
        session.add(row)
    elif (STATES.index(outcome), event.at) <= (STATES.index(row.outcome), row.at):
        return
    row.outcome, row.at, row.seconds = outcome, event.at, facts.get("seconds")
    row.reason, row.answer = facts.get("reason", ""), facts.get("answer", "")
