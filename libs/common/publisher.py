"""Publishing with confirms, many at a time: a message counts as sent when the broker has said so."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence

import amqp
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import OperationalError

from libs.common.connection import open_connection
from libs.common.envelope import Parcel
from libs.common.errors import TransientFailure
from libs.common.frames import publish_frames
from libs.common.topology import EVENTS, Topology

CONFIRM_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 1.0
WRITE_BYTES = 256_000
"""Messages are written to the connection together until they are so many bytes."""

BROKER_ERRORS = (AMQPError, OperationalError, OSError)
"""What a connection to the broker can raise when it breaks."""


class ConfirmingPublisher:
    """Publishes batches on one connection, which is opened when needed and after a failure. For one thread.

    All but events are `mandatory`: a message that no queue takes comes back and counts as not sent, and the topology is
    declared again before the next batch. (Events have an alternate exchange for what nobody listens to.)
    """

    def __init__(self, broker_url: str, topology: Topology) -> None:
        self._broker_url = broker_url
        self._topology = topology
        self._connection: Connection | None = None
        self._channel: amqp.Channel | None = None
        self._waiting: dict[int, str] = {}
        self._refused: set[str] = set()
        self._published = 0
        self._declared = False
        self._alive_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, as far as we know."""
        return self._channel is not None

    def publish(self, parcels: Sequence[Parcel], headers: dict[str, object] | None = None) -> set[str]:
        """The message ids that the broker has confirmed; TransientFailure if it is away or does not answer in time."""
        with self._broken_is_closed():
            channel = self._open()
            self._waiting, self._refused = {}, set()
            self._send(channel, parcels, headers)
            self._await_confirms(time.monotonic() + CONFIRM_SECONDS)
        return {parcel.message_id for parcel in parcels} - self._refused

    def connect(self) -> None:
        """Open the connection if there is none, and declare the topology; TransientFailure if the broker is away."""
        with self._broken_is_closed():
            self._open()

    def keep_alive(self) -> None:
        """Send and check heartbeats; call it every few seconds, or more often, while there is nothing to publish."""
        now = time.monotonic()
        if self._connection is None or now < self._alive_at + KEEP_ALIVE_SECONDS:
            return
        self._alive_at = now
        with contextlib.suppress(TransientFailure), self._broken_is_closed():
            with contextlib.suppress(TimeoutError):
                self._connection.drain_events(timeout=0.001)
            self._connection.heartbeat_check()

    def close(self) -> None:
        """Close the connection; the next publish opens a new one."""
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            connection.collect(socket_timeout=1)

    @contextlib.contextmanager
    def _broken_is_closed(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.close()
            if isinstance(error, BROKER_ERRORS):
                raise TransientFailure(f"The broker did not confirm: {type(error).__name__}: {error}") from error
            raise

    def _open(self) -> amqp.Channel:
        if self._channel is None:
            self._connection = open_connection(self._broker_url)
            self._declared = False
            channel = self._connection.channel()
            channel.confirm_select()
            channel.events["basic_ack"].add(self._on_ack)
            channel.events["basic_nack"].add(self._on_nack)
            channel.events["basic_return"].add(self._on_return)
            self._published = 0
            self._channel = channel
        if not self._declared:
            assert self._connection is not None
            self._topology.declare(self._connection.default_channel)
            self._declared = True
        return self._channel

    def _send(self, channel: amqp.Channel, parcels: Sequence[Parcel], headers: dict[str, object] | None) -> None:
        connection, timestamp = channel.connection, int(time.time())
        waiting = bytearray()
        for parcel in parcels:
            self._published += 1
            self._waiting[self._published] = parcel.message_id
            waiting += publish_frames(
                parcel,
                headers,
                channel=channel.channel_id,
                frame_max=connection.frame_max,
                timestamp=timestamp,
                mandatory=parcel.exchange != EVENTS,
            )
            if len(waiting) >= WRITE_BYTES:
                connection.transport.write(waiting)
                waiting = bytearray()
        connection.transport.write(waiting)

    def _await_confirms(self, deadline: float) -> None:
        assert self._connection is not None
        while self._waiting:
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError(f"{len(self._waiting)} messages are not confirmed after {CONFIRM_SECONDS:.0f} s")
            self._connection.drain_events(timeout=remaining)

    def _on_ack(self, delivery_tag: int, multiple: bool) -> None:
        self._settle(delivery_tag, multiple)

    def _on_nack(self, delivery_tag: int, multiple: bool) -> None:
        self._refused.update(self._settle(delivery_tag, multiple))

    def _on_return(self, _error: Exception, _exchange: str, _key: str, message: amqp.Message) -> None:
        # The broker returns an unroutable message first and confirms it afterwards all the same.
        self._refused.add(message.properties["message_id"])
        self._declared = False  # somebody has deleted a queue or its binding

    def _settle(self, delivery_tag: int, multiple: bool) -> list[str]:
        tags = [tag for tag in self._waiting if tag <= delivery_tag] if multiple else [delivery_tag]
        return [self._waiting.pop(tag) for tag in tags if tag in self._waiting]
