"""Receives events: a durable queue per service, so that one that was down hears everything it missed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import uuid4

from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message as Received
from kombu.messaging import Consumer
from sqlalchemy.orm import Session

from libs.common.clock import Clock, utc_now
from libs.common.connection import HEARTBEAT_SECONDS, open_connection
from libs.common.envelope import Parcel
from libs.common.errors import TransientFailure
from libs.common.inbox import first_time
from libs.common.logs import bound
from libs.common.loop import Loop
from libs.common.messages import Event, decode_event
from libs.common.metrics import EVENTS_HEARD
from libs.common.publisher import BROKER_ERRORS, ConfirmingPublisher
from libs.common.store import Store
from libs.common.topology import DEAD, Topology, events_queue

log = logging.getLogger(__name__)

BATCH = 50
"""At most so many events are received ahead, and handled in one transaction."""

GATHER_SECONDS = 0.05
"""How long an event waits for others to share its transaction."""

MAX_TRIES = 5
"""A handler that fails this often on one event, and not because its store is away, makes it a dead letter."""

Handlers = Mapping[type[Any], Callable[[Session, Any], None]]


class EventListener(Loop):
    """A thread that hands each event to its handler, once, in the transaction that remembers it.

    Only then it acknowledges. Events that have arrived together share a transaction, because the commit is what costs;
    if one of them fails, each is handled again in its own. While the store is away it waits; an event that cannot be
    read or handled goes to the dead letters with the reason; one that this service has no handler for is acknowledged.
    """

    def __init__(
        self,
        service: str,
        broker_url: str,
        topology: Topology,
        store: Store,
        handlers: Handlers,
        *,
        clock: Clock = utc_now,
    ) -> None:
        super().__init__("listener", self.hear, every_seconds=0.0)  # the wait for the next event is in `_receive`
        self._service = service
        self._broker_url = broker_url
        self._topology = topology
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._publisher = ConfirmingPublisher(broker_url, topology)
        self._connection: Connection | None = None
        self._received: list[Received] = []

    def hear(self) -> bool:
        """Wait up to a second for events and settle those that have arrived; True if there were any."""
        try:
            connection = self._open()
            batch = self._receive(connection)
            connection.heartbeat_check()
            self._settle(batch)
            self._publisher.keep_alive()
        except Exception as error:
            self._close()
            if isinstance(error, BROKER_ERRORS):
                raise TransientFailure(f"The broker is away: {type(error).__name__}: {error}") from error
            raise
        return bool(batch)

    def stop(self, timeout_seconds: float) -> None:
        """Finish the event in hand; the rest stays in the queue."""
        super().stop(timeout_seconds)
        self._publisher.close()
        self._close()

    # Receiving ---------------------------------------------------------------------------------------------

    def _open(self) -> Connection:
        if self._connection is None:
            connection = self._connection = open_connection(self._broker_url)
            channel = connection.default_channel
            self._topology.declare(channel)
            queue = Queue(events_queue(self._service), channel=channel, no_declare=True)
            self._received = []
            Consumer(channel, [queue], on_message=self._received.append, prefetch_count=BATCH).consume()
        return self._connection

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect(socket_timeout=1)

    def _receive(self, connection: Connection) -> list[Received]:
        with suppress(TimeoutError):
            connection.drain_events(timeout=1.0)
            until = time.monotonic() + GATHER_SECONDS
            while 0 < len(self._received) < BATCH and (left := until - time.monotonic()) > 0:
                connection.drain_events(timeout=left)
        batch = self._received[:]
        self._received.clear()
        return batch

    # Settling ----------------------------------------------------------------------------------------------

    def _settle(self, batch: Sequence[Received]) -> None:
        outcomes = self._handle_together(batch)
        if outcomes:
            batch[len(outcomes) - 1].ack(multiple=True)
        for message, outcome in zip(batch, outcomes, strict=False):
            self._count(message, outcome)
        for message in batch[len(outcomes) :]:
            self._settle_alone(message)

    def _handle_together(self, batch: Sequence[Received]) -> list[str]:
        """The outcome of each event; empty if one of them failed, because then nothing has happened."""
        try:
            with self._store.begin() as session:
                return [self._handle(session, message) for message in batch]
        except Exception as failure:
            log.debug("events that came together are handled one by one", extra={"reason": str(failure)})
            return []

    def _settle_alone(self, message: Received) -> None:
        """Handle and acknowledge one event, unless we are stopping: then it stays in the queue."""
        tries = 0
        with _facts(message):
            while not self._stopping.is_set():
                tries += 1
                try:
                    with self._store.begin() as session:
                        outcome = self._handle(session, message)
                except TransientFailure as failure:
                    log.warning("an event waits for the store", extra={"reason": str(failure), "tries": tries})
                    self._pause(message, min(10.0, 0.25 * 2 ** min(tries, 6)))
                except Exception as failure:
                    if tries >= MAX_TRIES or isinstance(failure, _Unreadable):
                        self._bury(message, failure, tries)
                        return
                    log.warning("an event could not be handled; it is tried again", exc_info=True)
                    self._pause(message, 0.1 * 2**tries)
                else:
                    self._acknowledge(message, outcome)
                    return

    def _handle(self, session: Session, message: Received) -> str:
        with _facts(message):
            event = _read(message)
            if event is None:
                log.info("an event of an unknown kind was left alone")
                return "unknown"
            handler = self._handlers.get(type(event))
            if handler is None:
                return "ignored"
            if not first_time(session, _message_id(message), self._clock()):
                return "repeated"
            handler(session, event)
            return "handled"

    def _acknowledge(self, message: Received, outcome: str) -> None:
        message.ack()
        self._count(message, outcome)

    def _count(self, message: Received, outcome: str) -> None:
        wire_name = _wire_name(message) if outcome != "unknown" else "other"
        EVENTS_HEARD.labels(self._service, wire_name, outcome).inc()

    def _bury(self, message: Received, failure: Exception, tries: int) -> None:
        log.error(
            "an event became a dead letter",
            extra={"reason": str(failure), "tries": tries},
            exc_info=None if isinstance(failure, _Unreadable) else failure,
        )
        parcel = Parcel(
            message_id=_message_id(message) or str(uuid4()),
            wire_name=_wire_name(message),
            exchange=DEAD,
            routing_key=events_queue(self._service),
            body=_body(message),
        )
        headers: dict[str, object] = {
            "x-exception": type(failure).__name__,
            "x-reason": str(failure)[:8000],
            "x-attempts": tries,
        }
        try:
            # Once more if it came back: the publisher then declares the missing queue first.
            kept = self._publisher.publish([parcel], headers) or self._publisher.publish([parcel], headers)
        except TransientFailure:
            kept = set()
        if kept:
            self._acknowledge(message, "dead")
        else:
            message.reject(requeue=False)  # without the reason, but not lost: the queue's own dead-letter path

    def _pause(self, message: Received, seconds: float) -> None:
        """Wait without letting the broker think that we are gone."""
        waited = 0.0
        while waited < seconds and not self._stopping.wait(min(1.0, seconds - waited)):
            waited += 1.0
            if waited % (HEARTBEAT_SECONDS / 3) < 1.0:
                message.channel.connection.send_heartbeat()


class _Unreadable(Exception):
    """The body is no event that we can read, however often we try."""


def _facts(message: Received) -> Any:
    return bound(event=_wire_name(message), message_id=_message_id(message))


def _wire_name(message: Received) -> str:
    return str(message.properties.get("type") or message.delivery_info.get("routing_key"))


def _message_id(message: Received) -> str:
    return str(message.properties.get("message_id") or "")


def _body(message: Received) -> bytes:
    return message.body.encode() if isinstance(message.body, str) else bytes(message.body)


def _read(message: Received) -> Event | None:
    if not _message_id(message):
        raise _Unreadable("The event has no message id, so nobody could tell a repetition of it.")
    try:
        return decode_event(_body(message), _wire_name(message))
    except Exception as error:
        raise _Unreadable(str(error)) from error
