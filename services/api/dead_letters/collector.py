"""Brings dead letters from the broker into the record, where people find them.

A message is acknowledged only when the record has it; one that comes twice is kept once.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection
from sqlalchemy.orm import Session

from libs.common.connection import open_connection
from libs.common.errors import TransientFailure
from libs.common.loop import Loop
from libs.common.publisher import BROKER_ERRORS
from libs.common.topology import LISTENERS, UNROUTABLE, WORK_QUEUES, Topology, dead_queue, events_queue
from services.api.dead_letters.keeping import count_open, keep
from services.api.dead_letters.reading import Dead, read_dead
from services.api.platform import Platform

log = logging.getLogger(__name__)

BATCH = 50
EVERY_SECONDS = 2.0
COUNT_EVERY = timedelta(seconds=15)

Told = Callable[[Session, Dead], None]


class DeadLetterCollector(Loop):
    """A part of the api. Several apis may collect at the same time."""

    def __init__(self, platform: Platform, topology: Topology, told: Told | None = None) -> None:
        super().__init__("dead letters", self.collect, every_seconds=EVERY_SECONDS)
        self._platform = platform
        self._topology = topology
        self._told = told
        self._connection: Connection | None = None
        self._count_after = platform.now

    def collect(self) -> bool:
        """One round through all queues; True if there may be more."""
        try:
            found = sum(self._empty(queue, name) for queue, name in _queues())
        except Exception as error:
            self._close()
            if isinstance(error, BROKER_ERRORS):
                raise TransientFailure(f"The broker is away: {type(error).__name__}: {error}") from error
            raise
        now = self._platform.now
        if found or not self._count_after - COUNT_EVERY <= now < self._count_after:
            self._count_after = now + COUNT_EVERY
            count_open(self._platform.records)
        return bool(found)

    def stop(self, timeout_seconds: float) -> None:
        """End after the present round."""
        super().stop(timeout_seconds)
        self._close()

    def _empty(self, queue: str, name: str) -> int:
        """Keep up to a batch of what lies in `queue`, the dead-letter queue of `name`; how many."""
        channel = self._open().default_channel
        messages: list[Any] = []
        with suppress(NotFound):  # nobody has declared it yet, or somebody deleted it: the next declaration makes it
            while len(messages) < BATCH and (message := channel.basic_get(queue, no_ack=False)) is not None:
                messages.append(message)
        if not messages:
            return 0
        try:
            self._keep(name, messages)
        except TransientFailure:
            raise  # the records are away; what was taken returns with the connection
        except Exception:
            log.exception("dead letters that came together are kept one by one", extra={"queue": name})
            return sum(self._keep_alone(name, message) for message in messages)
        return len(messages)

    def _keep(self, name: str, messages: Sequence[Any]) -> None:
        with self._platform.records.begin() as session:
            for message in messages:
                self._write(session, name, message)
        last = messages[-1]
        last.channel.basic_ack(last.delivery_tag, multiple=len(messages) > 1)

    def _keep_alone(self, name: str, message: Any) -> bool:
        """One that the record cannot take stays in its queue, and does not hold up the others."""
        try:
            self._keep(name, [message])
        except TransientFailure:
            raise
        except Exception:
            log.exception("a dead letter cannot be kept in the record", extra={"queue": name})
            message.channel.basic_reject(message.delivery_tag, requeue=True)
            return False
        return True

    def _write(self, session: Session, name: str, message: Any) -> None:
        properties = message.properties
        dead = read_dead(
            name,
            _bytes(message.body),
            message.headers or {},
            str(properties.get("message_id") or ""),
            str(properties.get("type") or message.delivery_info.get("routing_key") or ""),
            self._platform.now,
        )
        if keep(session, dead):
            facts = {"queue": name, "dead_letter_id": str(dead.id), "wire_name": dead.wire_name, "reason": dead.reason}
            log.warning("a dead letter waits for a person", extra=facts)
            if self._told is not None:
                self._told(session, dead)

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = open_connection(self._platform.settings.broker_url)
            self._topology.declare(self._connection.default_channel)
        self._connection.heartbeat_check()
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect(socket_timeout=1)


def _queues() -> list[tuple[str, str]]:
    """Each dead-letter queue with the name of the queue that it belongs to."""
    names = (*WORK_QUEUES, *(events_queue(service) for service in LISTENERS))
    return [*((dead_queue(name), name) for name in names), (UNROUTABLE, UNROUTABLE)]


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body)
