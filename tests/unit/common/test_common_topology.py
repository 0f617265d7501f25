from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from common_examples import NOW, order

from libs.common.messages import Command, DeliverReport, Priority, Recipient
from libs.common.topology import LISTENERS, WAIT_SECONDS, WORK_QUEUES, Topology, queue_for, wait_for


@pytest.mark.parametrize(
    ("delay_ms", "queue"),
    [
        (1, "pressroom.wait.10s"),
        (10_000, "pressroom.wait.10s"),
        (10_001, "pressroom.wait.1m"),
        (900_000, "pressroom.wait.15m"),
        (3_600_001, "pressroom.wait.4h"),
        (999_999_999, "pressroom.wait.4h"),
    ],
)
def test_a_delay_waits_in_the_shortest_queue_that_can_hold_it(delay_ms: int, queue: str) -> None:
    assert wait_for(delay_ms) == queue


def test_the_waiting_queues_are_listed_from_short_to_long() -> None:
    assert list(WAIT_SECONDS.values()) == sorted(WAIT_SECONDS.values())


@pytest.mark.parametrize("priority", ["urgent", "high", "normal", "low"])
def test_a_report_goes_to_the_queue_of_its_priority(priority: Priority) -> None:
    assert queue_for(order(priority)) == f"reports.{priority}"


@pytest.mark.parametrize(
    ("priority", "queue"),
    [("urgent", "mail.urgent"), ("high", "mail.urgent"), ("normal", "mail.normal"), ("low", "mail.normal")],
)
def test_a_letter_goes_to_one_of_two_queues(priority: Priority, queue: str) -> None:
    command = DeliverReport(
        delivery_id=UUID(int=1),
        report_id=UUID(int=2),
        title="Sales",
        channel="email",
        recipient=Recipient(address="ann@example.org"),
        artifacts=(),
        priority=priority,
        generated_at=NOW,
    )
    assert queue_for(command) == queue
    assert queue in WORK_QUEUES


class Declared:
    """Stands in for a channel and remembers the arguments of the queues."""

    def __init__(self) -> None:
        self.queues: dict[str, dict[str, Any]] = {}

    def queue_declare(self, name: str, *, durable: bool, auto_delete: bool, arguments: dict[str, Any]) -> None:
        assert durable
        assert not auto_delete
        self.queues[name] = arguments

    def exchange_declare(self, *_arguments: object, **_options: object) -> None:
        """Not of interest here."""

    def queue_bind(self, *_arguments: object) -> None:
        """Nor this."""


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_nothing_expires_except_in_a_waiting_queue_and_nothing_is_dropped(queue_type: Any) -> None:
    declared = Declared()
    Topology(queue_type).declare(declared)
    assert {name for name, arguments in declared.queues.items() if "x-message-ttl" in arguments} == set(WAIT_SECONDS)
    assert {arguments["x-overflow"] for arguments in declared.queues.values()} == {"reject-publish"}
    assert {arguments["x-queue-type"] for arguments in declared.queues.values()} == {queue_type}


def test_a_quorum_queue_hands_a_dead_letter_over_at_least_once() -> None:
    declared = Declared()
    Topology("quorum").declare(declared)
    handing_over = [arguments for arguments in declared.queues.values() if "x-dead-letter-exchange" in arguments]
    assert len(handing_over) == len(WORK_QUEUES) + len(LISTENERS) + len(WAIT_SECONDS)
    assert {arguments["x-dead-letter-strategy"] for arguments in handing_over} == {"at-least-once"}


def test_a_command_without_an_owner_is_our_mistake() -> None:
    class Orphan(Command, tag="orphan.v1", frozen=True, kw_only=True):
        """Nobody does this."""

    with pytest.raises(LookupError, match=r"orphan\.v1 has no queue"):
        queue_for(Orphan())
