"""Which deliveries a finished report orders, and what each of them is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from libs.common import ids
from libs.common.delivering import Channel, Destination, Seen
from libs.common.messages import DeliverReport, GenerateReport, PlannedDelivery, Recipient
from services.generator.job import Produced
from services.generator.previews import cut_to
from services.generator.shown_parameters import shown_parameters

MOST_PARAMETERS = 12
LONGEST_PARAMETER = 120


def planned(command: GenerateReport) -> tuple[PlannedDelivery, ...]:
    """The deliveries that the order asks for; an address that is named twice gets one."""
    plan = command.order.delivery
    wanted: list[tuple[Channel, Recipient]] = [(plan.channel, one) for one in plan.recipients]
    wanted += [(one.kind, _as_recipient(one)) for one in plan.destinations]
    deliveries = (
        PlannedDelivery(
            delivery_id=ids.delivery_id(command.report_id, channel, recipient.address),
            channel=channel,
            recipient=recipient,
        )
        for channel, recipient in wanted
    )
    return tuple({delivery.delivery_id: delivery for delivery in deliveries}.values())


def deliver_orders(
    command: GenerateReport,
    deliveries: Sequence[PlannedDelivery],
    produced: Produced,
    expires_at: datetime,
    now: datetime,
) -> Iterator[DeliverReport]:
    """The command for each of `deliveries`."""
    order = command.order
    plan, destinations = order.delivery, {str(one.destination_id): one for one in order.delivery.destinations}
    look = order.template.look
    preview = cut_to(produced.glimpse.preview, plan.manner.preview_rows)
    parameters = _parameters(command)
    to, cc = _seen(plan.recipients, shows_all=plan.manner.show_recipients)
    for delivery in deliveries:
        yield DeliverReport(
            delivery_id=delivery.delivery_id,
            report_id=command.report_id,
            title=order.template.title,
            channel=delivery.channel,
            recipient=delivery.recipient,
            artifacts=produced.artifacts,
            priority=order.priority,
            subject=plan.subject,
            body=plan.body,
            occurrence_id=command.occurrence_id,
            schedule_id=command.schedule_id,
            scheduled_for=command.scheduled_for,
            generated_at=now,
            timezone=order.timezone,
            notes=produced.notes,
            manner=plan.manner,
            destination=destinations.get(delivery.recipient.address),
            to=to,
            cc=cc,
            expires_at=expires_at,
            preview=preview,
            figures=produced.glimpse.figures,
            locale=delivery.recipient.locale or look.locale,
            report_type=order.template.slug,
            accent=look.accent,
            parameters=parameters,
        )


def _parameters(command: GenerateReport) -> tuple[tuple[str, str], ...]:
    """Those that a letter has room for; none of a report whose files are protected."""
    if command.order.template.packing.sealed_password:
        return ()
    shown = shown_parameters(command.order.parameters[:MOST_PARAMETERS])
    return tuple((name, _cut(value)) for name, value in shown)


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PARAMETER else text[: LONGEST_PARAMETER - 1] + "…"


def _as_recipient(destination: Destination) -> Recipient:
    return Recipient(address=str(destination.destination_id), name=destination.name)


def _seen(recipients: Sequence[Recipient], *, shows_all: bool) -> tuple[tuple[Seen, ...], tuple[Seen, ...]]:
    """Whom the letters name in To and Cc. Who sends copies that are seen lets those see whom they are copies of."""
    cc = tuple(Seen(address=one.address, name=one.name) for one in recipients if one.role == "cc")
    if not cc and not shows_all:
        return (), ()
    return tuple(Seen(address=one.address, name=one.name) for one in recipients if one.role == "to"), cc
