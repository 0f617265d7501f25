from __future__ import annotations

from uuid import UUID

import pytest
from common_examples import NOW, order

from libs.common.messages import Command, DeliverReport, Priority, Recipient
from libs.common.topology import WAIT_SECONDS, WORK_QUEUES, queue_for, wait_for


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


def test_a_command_without_an_owner_is_our_mistake() -> None:
    class Orphan(Command, tag="orphan.v1", frozen=True, kw_only=True):
        """Nobody does this."""

    with pytest.raises(LookupError, match=r"orphan\.v1 has no queue"):
        queue_for(Orphan())
