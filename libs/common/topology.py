"""The one place that knows the names and arguments of exchanges and queues.

| entity | what it is for |
|---|---|
| `pressroom.work` (direct) | commands, routed by the name of their queue |
| `reports.*`, `mail.*` | one queue per priority tier, so that urgent work never waits behind the rest |
| `maintenance` | the generator's other commands |
| `pressroom.wait.*` (fanout) | one queue per delay; what expires there returns to `pressroom.work` |
| `pressroom.events` (topic) | events under their wire name; what nobody listens to lands in `pressroom.unroutable` |
| `pressroom.dead` (direct) | dead letters of a queue `Q`, kept in `Q.XQ` until a person decides; nothing expires |

Everything is durable. The reasons are in docs/decisions/0002-broker-topology.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from amqp.channel import Channel
from amqp.exceptions import PreconditionFailed

from libs.common.errors import SettingsError
from libs.common.messages import (
    CheckBurst,
    CheckTemplate,
    Command,
    ContinueBurst,
    DeleteExpired,
    DeliverReport,
    GenerateReport,
    Priority,
    ReleaseReport,
    SendNotice,
    StopBurst,
    TestDestination,
    TestProfile,
    TestSource,
)

WORK = "pressroom.work"
EVENTS = "pressroom.events"
DEAD = "pressroom.dead"
UNROUTABLE = "pressroom.unroutable"

WAIT_SECONDS: Mapping[str, int] = {
    "pressroom.wait.10s": 10,
    "pressroom.wait.1m": 60,
    "pressroom.wait.5m": 300,
    "pressroom.wait.15m": 900,
    "pressroom.wait.1h": 3_600,
    "pressroom.wait.4h": 14_400,
}
"""The waiting queues and the longest stay in each."""

REPORT_QUEUES: Mapping[Priority, str] = {
    "urgent": "reports.urgent",
    "high": "reports.high",
    "normal": "reports.normal",
    "low": "reports.low",
}
MAIL_QUEUES: Mapping[Priority, str] = {
    "urgent": "mail.urgent",
    "high": "mail.urgent",
    "normal": "mail.normal",
    "low": "mail.normal",
}
MAINTENANCE_QUEUE = "maintenance"
"""For the generator, beside the reports: questions that a person waits for, and cleaning."""

WORK_QUEUES = tuple(dict.fromkeys([*REPORT_QUEUES.values(), *MAIL_QUEUES.values(), MAINTENANCE_QUEUE]))

LISTENERS: Mapping[str, tuple[str, ...]] = {
    "api": ("#",),
    "scheduler": ("schedule.saved.*", "schedule.deleted.*", "occurrence.succeeded.*"),
    "generator": ("report.cancel_requested.*",),
    "mailer": ("recipient.#", "report.cancel_requested.*"),
}
"""Which events each service listens to."""

ENDLESS = 1_000_000
"""The limit of a queue that nothing may be dropped from; -1 means "none" to RabbitMQ 4, but "at once" to 3.10."""

LISTENER_DELIVERY_LIMIT = 100
"""The same for events: a listener holds many at a time, and each of them counts when it starts again."""

DELIVERY_LIMIT = 8
"""A message that killed its consumer this often is taken out of the queue by the broker (quorum queues)."""


def queue_for(command: Command) -> str:
    """The queue that `command` belongs to, by kind and priority."""
    if isinstance(command, GenerateReport):
        return REPORT_QUEUES[command.order.priority]
    if isinstance(command, DeliverReport):
        return MAIL_QUEUES[command.priority]
    if isinstance(command, SendNotice):
        return MAIL_QUEUES["normal"]
    if isinstance(command, TestProfile | TestDestination):
        return MAIL_QUEUES["urgent"]
    if isinstance(
        command,
        ReleaseReport | TestSource | CheckTemplate | DeleteExpired | CheckBurst | ContinueBurst | StopBurst,
    ):
        return MAINTENANCE_QUEUE
    raise LookupError(f"{command.wire_name()} has no queue")


def wait_for(delay_ms: int) -> str:
    """The waiting queue for a delay: the shortest one in which a message can stay that long, else the longest."""
    fitting = [name for name, seconds in WAIT_SECONDS.items() if delay_ms <= seconds * 1000]
    return fitting[0] if fitting else list(WAIT_SECONDS)[-1]


def events_queue(service: str) -> str:
    """The queue in which events wait for `service`."""
    return f"pressroom.events.{service}"


def dead_queue(queue: str) -> str:
    """The queue in which the dead letters of `queue` wait."""
    return f"{queue}.XQ"


class Topology(msgspec.Struct, frozen=True):
    """Every exchange and queue of an installation."""

    queue_type: Literal["quorum", "classic"] = "quorum"

    def queues(self) -> list[str]:
        """All queues that hold work, events or things nobody listens to; not the waiting and dead-letter ones."""
        return [*WORK_QUEUES, *(events_queue(service) for service in LISTENERS), UNROUTABLE]

    def declare(self, channel: Channel) -> None:
        """Create what is missing. An existing queue with other arguments is a SettingsError that says what to do."""
        for name, kind in ((WORK, "direct"), (DEAD, "direct"), (UNROUTABLE, "fanout")):
            _exchange(channel, name, kind)
        _exchange(channel, EVENTS, "topic", {"alternate-exchange": UNROUTABLE})
        self._queue(channel, UNROUTABLE)
        channel.queue_bind(UNROUTABLE, UNROUTABLE, "")
        for queue in WORK_QUEUES:
            self._queue_with_dead_letters(channel, queue, DELIVERY_LIMIT)
            channel.queue_bind(queue, WORK, queue)
        for service, patterns in LISTENERS.items():
            self._queue_with_dead_letters(channel, events_queue(service), LISTENER_DELIVERY_LIMIT)
            for pattern in patterns:
                channel.queue_bind(events_queue(service), EVENTS, pattern)
        for name, seconds in WAIT_SECONDS.items():
            _exchange(channel, name, "fanout")
            self._queue(channel, name, {"x-message-ttl": seconds * 1000, **self._dead_letters_to(WORK)})
            channel.queue_bind(name, name, "")

    def _queue_with_dead_letters(self, channel: Channel, queue: str, delivery_limit: int) -> None:
        self._queue(channel, dead_queue(queue))
        channel.queue_bind(dead_queue(queue), DEAD, queue)
        arguments = {**self._dead_letters_to(DEAD), "x-dead-letter-routing-key": queue}
        if self.queue_type == "quorum":
            arguments["x-delivery-limit"] = delivery_limit
        self._queue(channel, queue, arguments)

    def _dead_letters_to(self, exchange: str) -> dict[str, Any]:
        arguments: dict[str, Any] = {"x-dead-letter-exchange": exchange}
        if self.queue_type == "quorum":
            # At-most-once, the default, loses a message whose dead-letter queue is away for a moment.
            arguments["x-dead-letter-strategy"] = "at-least-once"
        return arguments

    def _patience(self) -> dict[str, Any]:
        # RabbitMQ 4 drops what was returned to a quorum queue 20 times, and a look at a dead letter returns it.
        return {"x-delivery-limit": ENDLESS} if self.queue_type == "quorum" else {}

    def _queue(self, channel: Channel, name: str, arguments: Mapping[str, Any] | None = None) -> None:
        # reject-publish: a full queue refuses instead of dropping its oldest message; at-least-once needs it too.
        wanted = {
            "x-queue-type": self.queue_type,
            "x-overflow": "reject-publish",
            **self._patience(),
            **(arguments or {}),
        }
        try:
            channel.queue_declare(name, durable=True, auto_delete=False, arguments=wanted)
        except PreconditionFailed as error:
            raise SettingsError(
                f"The queue {name} exists with other arguments than ours ({error.reply_text}). "
                "Set PRESSROOM_QUEUE_TYPE to the type it was made with, or empty and delete it."
            ) from error


def _exchange(channel: Channel, name: str, kind: str, arguments: Mapping[str, Any] | None = None) -> None:
    channel.exchange_declare(name, kind, durable=True, auto_delete=False, arguments=dict(arguments or {}))
