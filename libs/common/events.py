"""Receives events: a durable queue per service, so that one that was down hears everything it missed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

from kombu.connection import Connection
from kombu.entity import Queue
from kombu.message import Message as Received
from kombu.messaging import Consumer
from kombu.mixins import ConsumerMixin
from sqlalchemy.orm import Session

from libs.common.clock import Clock, utc_now
from libs.common.connection import HEARTBEAT_SECONDS, kombu_connection
from libs.common.envelope import Parcel
from libs.common.errors import SettingsError, TransientFailure
from libs.common.inbox import first_time
from libs.common.logs import bound
from libs.common.messages import Event, decode_event
from libs.common.metrics import EVENTS_HEARD
from libs.common.publisher import ConfirmingPublisher
from libs.common.store import Store
from libs.common.topology import DEAD, Topology, events_queue

log = logging.getLogger(__name__)

PREFETCH = 50
MAX_TRIES = 5
"""A handler that fails this often on one event, and not because its store is away, makes it a dead letter."""

Handlers = Mapping[type[Any], Callable[[Session, Any], None]]


class EventListener(ConsumerMixin):
    """A thread that hands each event to its handler, once, in the transaction that remembers it.

    Only then it acknowledges. While the store is away it waits; an event that cannot be read or handled goes to the
    dead letters with the reason; one that this service has no handler for is acknowledged.
    """

    name = "listener"

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
        self.connection: Connection = kombu_connection(broker_url)
        self._service = service
        self._topology = topology
        self._store = store
        self._handlers = handlers
        self._clock = clock
        self._publisher = ConfirmingPublisher(broker_url, topology)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Finish the event in hand; the rest stays in the queue."""
        self._stopping.set()
        self.should_stop = True
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def alive(self) -> bool:
        """False once the thread has ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.run()
            except SettingsError as error:
                log.critical("a setting is wrong", extra={"part": self.name, "reason": str(error)})
                return
            except Exception:
                log.exception("listening failed; it begins again")
                self._stopping.wait(3)
        self._publisher.close()

    # ConsumerMixin -----------------------------------------------------------------------------------------

    def get_consumers(self, _consumer_class: object, channel: Any) -> list[Consumer]:
        self._topology.declare(channel)
        queue = Queue(events_queue(self._service), channel=channel, no_declare=True)
        return [Consumer(channel, [queue], on_message=self._on_message, prefetch_count=PREFETCH)]

    def on_connection_error(self, exc: Exception, interval: float) -> None:
        log.warning("the broker is away", extra={"reason": str(exc), "pause_seconds": interval})

    # Handling ----------------------------------------------------------------------------------------------

    def _on_message(self, message: Received) -> None:
        wire_name = str(message.properties.get("type") or message.delivery_info.get("routing_key"))
        message_id = str(message.properties.get("message_id") or "")
        with bound(event=wire_name, message_id=message_id):
            outcome = self._settle(message, wire_name, message_id)
        if outcome:
            EVENTS_HEARD.labels(self._service, wire_name if outcome != "unknown" else "other", outcome).inc()

    def _settle(self, message: Received, wire_name: str, message_id: str) -> str:
        """Handle and acknowledge one event; the outcome, or nothing if we are stopping and it stays in the queue."""
        tries = 0
        while not self._stopping.is_set():
            tries += 1
            try:
                outcome = self._handle(message, wire_name, message_id)
            except TransientFailure as failure:
                log.warning("an event waits because the store is away", extra={"reason": str(failure), "tries": tries})
                self._pause(message, min(10.0, 0.25 * 2 ** min(tries, 6)))
            except Exception as failure:
                if tries >= MAX_TRIES or isinstance(failure, _Unreadable):
                    self._bury(message, wire_name, message_id, failure, tries)
                    return "dead"
                log.warning("an event could not be handled; it is tried again", exc_info=True)
                self._pause(message, 0.1 * 2**tries)
            else:
                message.ack()
                return outcome
        return ""

    def _handle(self, message: Received, wire_name: str, message_id: str) -> str:
        event = _read(message, wire_name, message_id)
        if event is None:
            log.info("an event of an unknown kind was left alone")
            return "unknown"
        handler = self._handlers.get(type(event))
        if handler is None:
            return "ignored"
        with self._store.begin() as session:
            if not first_time(session, message_id, self._clock()):
                return "repeated"
            handler(session, event)
        return "handled"

    def _bury(self, message: Received, wire_name: str, message_id: str, failure: Exception, tries: int) -> None:
        log.error("an event became a dead letter", extra={"reason": str(failure), "tries": tries}, exc_info=failure)
        parcel = Parcel(
            message_id=message_id or str(uuid4()),
            wire_name=wire_name,
            exchange=DEAD,
            routing_key=events_queue(self._service),
            body=bytes(message.body, "utf-8") if isinstance(message.body, str) else bytes(message.body),
        )
        headers: dict[str, object] = {
            "x-exception": type(failure).__name__,
            "x-reason": str(failure)[:8000],
            "x-attempts": tries,
        }
        try:
            self._publisher.publish([parcel], headers)
        except TransientFailure:
            message.reject(requeue=False)  # without the reason, but not lost: the queue's own dead-letter path
        else:
            message.ack()

    def _pause(self, message: Received, seconds: float) -> None:
        """Wait without letting the broker think that we are gone."""
        waited = 0.0
        while waited < seconds and not self._stopping.wait(min(1.0, seconds - waited)):
            waited += 1.0
            connection = message.channel.connection
            if waited % (HEARTBEAT_SECONDS / 3) < 1.0:
                connection.send_heartbeat()


class _Unreadable(Exception):
    """The body is no event that we can read, however often we try."""


def _read(message: Received, wire_name: str, message_id: str) -> Event | None:
    if not message_id:
        raise _Unreadable("The event has no message id, so nobody could tell a repetition of it.")
    body = message.body.encode() if isinstance(message.body, str) else bytes(message.body)
    try:
        return decode_event(body, wire_name)
    except Exception as error:
        raise _Unreadable(str(error)) from error
