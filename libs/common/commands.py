"""Dramatiq on RabbitMQ without its five ways of losing a message.

Stock `RabbitmqBroker` publishes without confirms, acknowledges a message whose retry could not be published,
acknowledges a stranger's message after a reconnect, lets dead letters expire after seven days and keeps delayed
messages in worker memory. The subclass here closes each; the evidence is in docs/decisions/0002-broker-topology.md.
"""

from __future__ import annotations

import logging
import time
import traceback
from typing import Any

import dramatiq
import pika
import pika.exceptions
from dramatiq.brokers.rabbitmq import RabbitmqBroker, _RabbitmqConsumer
from dramatiq.common import q_name
from dramatiq.errors import ConnectionClosed, Retry
from dramatiq.middleware import CurrentMessage, Retries

from libs.common.connection import open_connection, pika_url
from libs.common.publisher import BROKER_ERRORS
from libs.common.settings import CommonSettings
from libs.common.topology import DEAD, WORK, Topology, wait_for

log = logging.getLogger(__name__)

PUBLISH_ATTEMPTS = 8
MAX_HEADER_CHARACTERS = 8_000

# OSError: pika passes on the failure to find the broker's name, which vanishes with the container of a broker.
_BROKEN = (pika.exceptions.AMQPConnectionError, pika.exceptions.AMQPChannelError, ConnectionClosed, OSError)


class NotYet(Retry):
    """Put the command back for a while without using up an attempt: somebody else is at work on it."""

    def __init__(self, delay_seconds: float, reason: str) -> None:
        super().__init__(reason, delay=int(delay_seconds * 1000))


class SafeRetries(Retries):
    """Retries that never lose: if the retry cannot be published, the command becomes a dead letter instead."""

    def after_process_message(
        self, broker: Any, message: Any, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        try:
            if isinstance(exception, NotYet):
                broker.enqueue(message, delay=exception.delay)
            else:
                super().after_process_message(broker, message, result=result, exception=exception)
        except Exception as error:
            # Broker.emit_after swallows what is raised here and would then acknowledge the message.
            message.stuff_exception(exception or error)
            message.fail()
            raise


class CommandConsumer(_RabbitmqConsumer):
    """A consumer that settles only its own messages, and says why it gives one up."""

    def __next__(self) -> Any:
        message = super().__next__()
        if message is not None:
            # After a reconnect the delivery tags start again at 1: an old tag would settle somebody else's message.
            message._owner = self
            if not _well_formed(message):
                log.error("what is no command became a dead letter", extra={"queue": self.queue_name})
                super().nack(message)
                return None
            message.options.pop("eta", None)  # of stock dramatiq, which would keep the message in our memory
            if message.queue_name != self.queue_name:
                # The worker looks up its consumer by this name; a wrong one would kill the thread.
                message._message = message._message.copy(queue_name=self.queue_name)
        return message

    def ack(self, message: Any) -> None:
        if message._owner is self:
            super().ack(message)
        else:
            log.warning("an old acknowledgement was dropped", extra={"message_id": message.message_id})

    def nack(self, message: Any) -> None:
        """Keep a copy that says why among the dead letters, then acknowledge the original."""
        if message._owner is not self:
            log.warning("an old refusal was dropped", extra={"message_id": message.message_id})
            return
        if not self.connection.is_open:
            # It will be delivered again; a dead letter now would be a false alarm.
            raise ConnectionClosed(pika.exceptions.ConnectionWrongStateError("the consumer's connection is gone"))
        try:
            self.broker.keep_dead_letter(message, message._exception)
        except Exception:
            log.exception("a dead letter could not be kept with its reason", extra={"message_id": message.message_id})
            super().nack(message)
        else:
            super().ack(message)


def _well_formed(message: Any) -> bool:
    """Whether dramatiq can handle what it has decoded without looking: otherwise it would stop to consume."""
    texts = (message.queue_name, message.actor_name, message.message_id)
    return (
        isinstance(message.kwargs, dict)
        and isinstance(message.options, dict)
        and isinstance(message.message_timestamp, int)
        and all(isinstance(text, str) for text in texts)
    )


class CommandBroker(RabbitmqBroker):
    """Publishes with confirms to our topology; waits in waiting queues; keeps dead letters with their reason."""

    def __init__(self, broker_url: str, topology: Topology) -> None:
        middleware = [
            CurrentMessage(),  # tells a handler which attempt it is
            SafeRetries(),  # decides about trying again
        ]
        super().__init__(url=pika_url(broker_url), confirm_delivery=True, middleware=middleware)
        self._broker_url = broker_url
        self._topology = topology

    @property
    def consumer_class(self) -> type[CommandConsumer]:
        return CommandConsumer

    def declare_queue(self, queue_name: str, *, ensure: bool = False) -> None:
        """As the base class, but without a delay queue and so without a consumer that hoards it."""
        name = q_name(queue_name)
        if name not in self.queues:
            self.emit_before("declare_queue", name)
            self.queues.add(name)
            self.queues_pending.add(name)
            self.emit_after("declare_queue", name)
        if ensure and name in self.queues_pending:
            self._declare_topology()
            self.queues_pending.clear()

    def enqueue(self, message: Any, *, delay: int | None = None) -> Any:
        """Publish `message`, at once or after about `delay` milliseconds (at most the longest waiting queue)."""
        queue = q_name(message.queue_name)
        self.emit_before("enqueue", message, delay)
        if delay and delay > 0:
            # The message's own time limit gives the exact delay and its jitter; it cannot exceed the queue's.
            self._publish(wait_for(delay), queue, message, expiration=str(delay))
        else:
            self._publish(WORK, queue, message)
        self.emit_after("enqueue", message, delay)
        return message

    def keep_dead_letter(self, message: Any, failure: BaseException | None) -> None:
        """Put a copy of `message` among the dead letters of its queue, with what happened in its headers."""
        cause = failure.__cause__ if isinstance(failure, Retry) and failure.__cause__ is not None else failure
        trace = getattr(cause, "trace", "") or (
            "".join(traceback.format_exception(cause)) if cause else message.options.get("traceback", "")
        )
        headers = {
            "x-failed-at": int(time.time() * 1000),
            "x-exception": type(cause).__name__ if cause else "",
            "x-reason": str(cause)[:MAX_HEADER_CHARACTERS] if cause else "",
            "x-stage": getattr(cause, "stage", ""),
            "x-traceback": trace[-MAX_HEADER_CHARACTERS:],
            "x-attempts": int(message.options.get("retries", 0)) + (0 if isinstance(failure, Retry) else 1),
            "x-source-queue": q_name(message.queue_name),
        }
        self._publish(DEAD, q_name(message.queue_name), message, headers=headers)

    def _publish(
        self,
        exchange: str,
        routing_key: str,
        message: Any,
        *,
        expiration: str | None = None,
        headers: dict[str, Any] | None = None,
    ) -> None:
        properties = pika.BasicProperties(
            delivery_mode=2,
            content_type="application/json",
            message_id=message.message_id,
            type=message.actor_name,
            timestamp=message.message_timestamp // 1000,
            expiration=expiration,
            headers=headers,
        )
        for attempt in range(PUBLISH_ATTEMPTS):
            try:
                self.declare_queue(routing_key, ensure=True)
                self.channel.basic_publish(exchange, routing_key, message.encode(), properties, mandatory=True)
                return
            except _BROKEN as error:
                del self.connection
                # Somebody may have deleted the queue or the exchange: declare everything again.
                self.queues_pending.add(routing_key)
                if attempt == PUBLISH_ATTEMPTS - 1:
                    raise ConnectionClosed(error) from None
                time.sleep(min(0.2 * 2**attempt, 5))

    def _declare_topology(self) -> None:
        try:
            with open_connection(self._broker_url) as connection:
                self._topology.declare(connection.default_channel)
        except BROKER_ERRORS as error:
            raise ConnectionClosed(error) from None


def make_broker(settings: CommonSettings) -> CommandBroker:
    """The broker of a service that handles commands."""
    broker = CommandBroker(settings.broker_url, Topology(settings.queue_type))
    dramatiq.set_broker(broker)
    return broker
