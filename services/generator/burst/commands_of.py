"""The report of one recipient: the order of the burst, with what is theirs put in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from msgspec.structs import replace

from libs.common import ids
from libs.common.delivering import BurstRecipient, Part
from libs.common.messages import DeliveryPlan, GenerateReport, Priority, Recipient, ReportOrder
from services.generator.burst.line import Line

AFTER: Mapping[Priority, Priority] = {"urgent": "high", "high": "normal", "normal": "low", "low": "low"}
"""The reports of a burst queue one priority below it: others do not wait for ten thousand of them."""


def part_command(parent: GenerateReport, line: Line, folder_key: str, now: datetime) -> GenerateReport:
    """The report of the recipient in `line`; its id follows from the burst and the recipient."""
    return GenerateReport(
        report_id=ids.part_id(parent.report_id, line.identity),
        order=_order(parent.order, line, folder_key),
        requested_at=now,
        occurrence_id=parent.occurrence_id,
        schedule_id=parent.schedule_id,
        scheduled_for=parent.scheduled_for,
        parent_id=parent.report_id,
    )


def told(position: int, line: Line, parent_id: UUID) -> BurstRecipient:
    """What is told of a line."""
    return BurstRecipient(
        position=position,
        address=line.address,
        name=line.name,
        channel=line.channel,
        report_id=None if line.refusal else ids.part_id(parent_id, line.identity),
        refusal=line.refusal,
        reason=line.reason,
        formats=line.formats,
        values=line.values,
    )


def memory_of(command: GenerateReport) -> UUID | None:
    """Under which id is remembered what a report leaves for the next one: the schedule's, or that of its recipient.

    The conditions of a burst hold for each recipient by themselves, whatever the others have got.
    """
    if command.schedule_id is None or command.parent_id is None:
        return command.schedule_id
    plan, part = command.order.delivery, command.order.part
    whom = [f"email:{one.address}" for one in plan.recipients] + [str(one.destination_id) for one in plan.destinations]
    return uuid5(command.schedule_id, f"recipient:{','.join(whom)}:{part.value if part is not None else ''}")


def _order(order: ReportOrder, line: Line, folder_key: str) -> ReportOrder:
    assert order.burst is not None
    given = dict(line.values)
    look = order.template.look
    return replace(
        order,
        template=replace(order.template, look=replace(look, locale=line.locale)) if line.locale else order.template,
        parameters=tuple(replace(one, value=given.get(one.name, one.value)) for one in order.parameters),
        formats=line.formats or order.formats,
        priority=AFTER[order.priority],
        delivery=_delivery(order.delivery, line),
        burst=None,
        part=Part(folder_key=folder_key, value=line.key, shares=line.shares) if order.burst.share_out_by else None,
    )


def _delivery(plan: DeliveryPlan, line: Line) -> DeliveryPlan:
    if line.destination:
        places = tuple(one for one in plan.destinations if one.name == line.destination)
        return replace(plan, recipients=(), destinations=places)
    recipient = Recipient(address=line.address, name=line.name, locale=line.locale)
    return replace(plan, recipients=(recipient,), destinations=())
