"""How a message looks on the wire: a command as dramatiq reads it, an event as plain JSON under its routing key."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from libs.common import topology
from libs.common.messages import Command, DeliverReport, Event, GenerateReport, encode


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A message ready to be published."""

    message_id: str
    wire_name: str
    exchange: str
    routing_key: str
    body: bytes


def pack(message: Command | Event, *, message_id: str, now: datetime) -> Parcel:
    """`message` under `message_id`, addressed to its queue (command) or to whoever listens (event)."""
    body = encode(message)
    if isinstance(message, Event):
        return _parcel(message, message_id, topology.EVENTS, message.wire_name(), body)
    queue = topology.queue_for(message)
    # The JSON that dramatiq.Message would make, around the body as it is: thousands fall due in the same second.
    letter = msgspec.json.encode(
        {
            "queue_name": queue,
            "actor_name": message.wire_name(),
            "args": (),
            "kwargs": msgspec.Raw(body),
            "options": _options(message),
            "message_id": message_id,
            "message_timestamp": int(now.timestamp() * 1000),
        }
    )
    return _parcel(message, message_id, topology.WORK, queue, letter)


def _options(command: Command) -> dict[str, Any]:
    # How often a report may be tried again is the order's to say; other commands follow the settings of their owner.
    if isinstance(command, GenerateReport):
        return {"max_retries": command.order.max_retries}
    if isinstance(command, DeliverReport) and command.manner.max_attempts:
        return {"max_retries": command.manner.max_attempts - 1}
    return {}


def _parcel(message: Command | Event, message_id: str, exchange: str, routing_key: str, body: bytes) -> Parcel:
    return Parcel(
        message_id=message_id,
        wire_name=message.wire_name(),
        exchange=exchange,
        routing_key=routing_key,
        body=body,
    )
