"""Watches the depth of every queue over AMQP, which works on any broker, Amazon MQ included."""

from __future__ import annotations

from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection

from libs.common.connection import open_connection
from libs.common.errors import TransientFailure
from libs.common.loop import Loop
from libs.common.metrics import BROKER_UP, QUEUE_CONSUMERS, QUEUE_MESSAGES
from libs.common.publisher import BROKER_ERRORS
from libs.common.topology import LISTENERS, UNROUTABLE, WAIT_SECONDS, WORK_QUEUES, dead_queue, events_queue


class QueueWatch(Loop):
    """Fills the queue metrics. A passive declaration counts the ready messages and the consumers of a queue."""

    def __init__(self, service: str, broker_url: str, every_seconds: float) -> None:
        super().__init__("queue watch", self.look, every_seconds)
        self._service = service
        self._broker_url = broker_url
        self._connection: Connection | None = None
        self._answered = False

    def check(self) -> None:
        """Raise unless the broker answered at the last look."""
        if not self._answered:
            raise TransientFailure("The broker does not answer.")

    def look(self) -> bool:
        """Read all queues once."""
        try:
            connection = self._open()
            for queue in (*WORK_QUEUES, *(events_queue(service) for service in LISTENERS)):
                self._measure(connection, queue, "ready", consumers=True)
                self._measure(connection, dead_queue(queue), "dead", label=queue)
            for queue in WAIT_SECONDS:
                self._measure(connection, queue, "waiting")
            self._measure(connection, UNROUTABLE, "dead")
        except Exception as error:
            self._forget()
            if isinstance(error, BROKER_ERRORS):
                raise TransientFailure(f"The broker does not answer: {error}") from error
            raise
        self._answered = True
        BROKER_UP.labels(self._service).set(1)
        return False

    def stop(self, timeout_seconds: float) -> None:
        super().stop(timeout_seconds)
        self._close()

    def _measure(
        self, connection: Connection, queue: str, state: str, *, label: str = "", consumers: bool = False
    ) -> None:
        try:
            found: Any = connection.default_channel.queue_declare(queue, passive=True)
        except NotFound:
            # Somebody deleted it, or nobody has declared it yet: an old figure would be a lie.
            QUEUE_MESSAGES.remove(label or queue, state)
            if consumers:
                QUEUE_CONSUMERS.remove(queue)
            return
        QUEUE_MESSAGES.labels(label or queue, state).set(found.message_count)
        if consumers:
            QUEUE_CONSUMERS.labels(queue).set(found.consumer_count)

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = open_connection(self._broker_url)
        self._connection.heartbeat_check()
        return self._connection

    def _forget(self) -> None:
        """Old figures would look like an idle system: show none while the broker is away."""
        self._answered = False
        BROKER_UP.labels(self._service).set(0)
        QUEUE_MESSAGES.clear()
        QUEUE_CONSUMERS.clear()
        self._close()

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect(socket_timeout=1)
