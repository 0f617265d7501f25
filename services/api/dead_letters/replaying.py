"""Makes a message of a dead letter again: as it was, changed by a person, or from what is defined now."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4, uuid5

import msgspec
from msgspec.structs import replace
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.envelope import Parcel, pack
from libs.common.errors import PermanentFailure
from libs.common.messages import (
    COMMANDS,
    EVENTS,
    Command,
    DeliverReport,
    GenerateReport,
    Recipient,
    ReportOrder,
    decode_event,
    read_command,
)
from libs.common.placeholders import Occasion, resolved_order
from libs.common.topology import EVENTS as EVENTS_EXCHANGE
from libs.common.topology import UNROUTABLE
from services.api.announcements import order_of
from services.api.dead_letters.hiding import HIDDEN
from services.api.orders import source_of, template_of
from services.api.problems import conflict, wrong
from services.api.schemas.dead_letters import Replay
from services.api.tables import DeadLetterRow, ScheduleRow, TemplateRow


def parcel_for(session: Session, row: DeadLetterRow, wanted: Replay, now: datetime) -> Parcel:
    """The message to publish; Refused if it cannot be made."""
    if row.wire_name in EVENTS:
        return _event(row, wanted)
    command = _command(row, wanted.changes)
    if wanted.how == "afresh":
        command = _afresh(session, row, command, now)
    elif isinstance(command, DeliverReport):
        # Otherwise the ledger would say that the delivery has ended.
        command = replace(command, replay=row.replays + 1)
    return _marked(pack(command, message_id=str(uuid4()), now=now), row)


def _event(row: DeadLetterRow, wanted: Replay) -> Parcel:
    """An event goes to the one queue whose service could not take it: the others have heard it."""
    if wanted.how == "afresh":
        raise conflict("An event can only be replayed as it was.")
    body = msgspec.json.encode(_patched(row, wanted.changes)) if wanted.changes else row.body
    try:
        decode_event(body, row.wire_name)
    except PermanentFailure as failure:
        raise wrong("changes", f"changes must make it a message that can be read: {failure}") from failure
    everybody = row.queue == UNROUTABLE
    return Parcel(
        message_id=row.message_id or str(uuid4()),
        wire_name=row.wire_name,
        exchange=EVENTS_EXCHANGE if everybody else "",
        routing_key=row.wire_name if everybody else row.queue,
        body=body,
    )


def _command(row: DeadLetterRow, changes: Mapping[str, Any]) -> Command:
    cls = COMMANDS.get(row.wire_name)
    if cls is None or row.payload is None:
        raise conflict("This message cannot be read, so it cannot be replayed; discard it.")
    try:
        command = read_command(cls, _patched(row, changes))
    except PermanentFailure as failure:
        if changes:
            raise wrong("changes", f"changes must make it a message that can be read: {failure}") from failure
        raise conflict(f"This message cannot be read, so it has to be changed or discarded: {failure}") from failure
    assert isinstance(command, Command)
    return command


def _afresh(session: Session, row: DeadLetterRow, command: Command, now: datetime) -> Command:
    if isinstance(command, GenerateReport):
        return replace(command, order=_renewed(session, command.order), requested_at=now)
    if isinstance(command, DeliverReport):
        return _made_anew(session, row, command, now)
    raise conflict(f"A message {row.wire_name} can only be replayed as it was.")


def _renewed(session: Session, order: ReportOrder) -> ReportOrder:
    """The order with its template and its source as they are now."""
    query = select(TemplateRow).where(TemplateRow.id == order.template.template_id)
    template = session.execute(query).scalar_one_or_none()
    if template is None:
        raise conflict("The template of this report is deleted, so it can only be replayed as it was.")
    kept = replace(template_of(template), filename=order.template.filename)
    return replace(order, template=kept, source=source_of(template.source))


def _made_anew(session: Session, row: DeadLetterRow, command: DeliverReport, now: datetime) -> Command:
    """A new report of the schedule, for the moment of the old one, for this recipient alone."""
    schedule = session.get(ScheduleRow, command.schedule_id) if command.schedule_id is not None else None
    if schedule is None:
        raise conflict("Nobody knows any more what this report was made from; ask for it anew, or replay it again.")
    if schedule.burst is not None:
        # Without what was the recipient's own, the report would show them the rows of everybody.
        raise conflict("This letter brought a report of a burst, which cannot be made alone; replay it as it was.")
    scheduled_for = command.scheduled_for or now
    order = resolved_order(order_of(schedule), Occasion(scheduled_for=scheduled_for, timezone=schedule.timezone))
    to = Recipient(address=command.recipient.address, name=command.recipient.name)
    alone = replace(order.delivery, recipients=(to,), destinations=())
    if command.destination is not None:
        alone = replace(order.delivery, recipients=(), destinations=(command.destination,))
    return GenerateReport(
        report_id=uuid5(row.id, "afresh"),
        order=replace(order, delivery=alone, burst=None),
        requested_at=now,
        scheduled_for=scheduled_for,
    )


def _marked(parcel: Parcel, row: DeadLetterRow) -> Parcel:
    """Should it fail again, its dead letter says of which one it is the replay."""
    letter = msgspec.json.decode(parcel.body)
    letter["options"] |= {"replay_of": str(row.id), "replays": row.replays + 1}
    return replace(parcel, body=msgspec.json.encode(letter))


def _patched(row: DeadLetterRow, changes: Mapping[str, Any]) -> dict[str, Any]:
    patched = _merged(row.payload, changes)
    assert isinstance(patched, dict)
    return patched


def _merged(target: Any, patch: Any) -> Any:
    """RFC 7396; what is sent back hidden stays as it was."""
    if not isinstance(patch, Mapping):
        return target if patch == HIDDEN else patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = _merged(merged.get(name), value)
    return merged
