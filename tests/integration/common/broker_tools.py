"""What these tests do more than once: wait, make messages, and look into queues from outside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import amqp
from sqlalchemy import select

from libs.common.connection import open_connection
from libs.common.messages import GenerateReport, Priority, Query, ReportOrder, ReportStarted, Source, Template
from libs.common.outbox import Outbox, outbox
from libs.common.service import Part
from libs.common.store import Store
from libs.local.waiting import wait_until

NOW = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

Run = Callable[[Part], None]
"""Starts a part of a service; it is stopped at the end of the test."""


def soon(condition: Callable[[], bool], sentence: str = "what the test waits for did not happen") -> None:
    """Wait for `condition`, which may take a while on a busy machine."""
    wait_until(condition, 30, lambda: sentence, every_seconds=0.01)


def started(attempt: int = 1, report: UUID | None = None) -> ReportStarted:
    """An event."""
    return ReportStarted(at=NOW, report_id=report or uuid4(), attempt=attempt)


def order(priority: Priority = "normal", *, max_retries: int = 0, slug: str = "sales") -> GenerateReport:
    """A command."""
    return GenerateReport(
        report_id=uuid4(),
        order=ReportOrder(
            template=Template(
                template_id=UUID(int=2), slug=slug, title="Sales", queries=(Query(name="all", sql="SELECT 1"),)
            ),
            source=Source(source_id=UUID(int=3), name="shop", sealed_url="sealed"),
            priority=priority,
            max_retries=max_retries,
        ),
        requested_at=NOW,
    )


def say(store: Store, *messages: GenerateReport | ReportStarted) -> None:
    """Commit `messages` to the outbox, in one transaction."""
    with store.begin() as session:
        for message in messages:
            Outbox(session, NOW).add(message)


def unsent(store: Store) -> int:
    """How many messages the outbox still holds back."""
    with store.read() as session:
        return len(session.execute(select(outbox.c.id).where(outbox.c.published_at.is_(None))).all())


class Broker:
    """A client of its own, beside the ones that are tested."""

    def __init__(self, url: str) -> None:
        self._connection = open_connection(url)
        self._channel: amqp.Channel = self._connection.default_channel

    def ready(self, queue: str) -> int:
        """How many messages wait in `queue`."""
        return int(self._channel.queue_declare(queue, passive=True).message_count)

    def exists(self, queue: str) -> bool:
        """Whether there is a queue of this name."""
        try:
            self._channel.queue_declare(queue, passive=True)
        except amqp.NotFound:
            self._channel = self._connection.default_channel  # the question has closed the old one
            return False
        return True

    def consumers(self, queue: str) -> int:
        """How many consumers `queue` has."""
        return int(self._channel.queue_declare(queue, passive=True).consumer_count)

    def take(self, queue: str) -> Any:
        """The next message of `queue`, taken out of it, or None."""
        return self._channel.basic_get(queue, no_ack=True)

    def take_all(self, queue: str) -> list[Any]:
        """All messages of `queue`, taken out of it."""
        found = []
        while (message := self.take(queue)) is not None:
            found.append(message)
        return found

    def publish(self, exchange: str, routing_key: str, body: bytes, **properties: Any) -> None:
        """Publish something that our own code would not."""
        self._channel.basic_publish(amqp.Message(body, delivery_mode=2, **properties), exchange, routing_key)

    def delete(self, queues: Iterable[str]) -> None:
        """Delete queues with all that is in them."""
        for queue in queues:
            self._channel.queue_delete(queue)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
