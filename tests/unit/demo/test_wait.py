from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import UUID, uuid4

import pytest

from demo.cast import DASHBOARD, SCHEDULED, URGENT, Commission
from demo.show import Line
from demo.stage import Stage
from demo.wait import Finished, Waiting, wait_for_letters
from libs.client.answers import Delivery, Occurrence, Progress, Report, Schedule
from libs.common.errors import PermanentFailure, TransientFailure

SCHEDULE = Schedule(id=uuid4(), name="Delays", version=1, active=True, in_words="once")
URGENT_REPORT, DASHBOARD_REPORT, SCHEDULED_REPORT = uuid4(), uuid4(), uuid4()
COMMISSIONS = {URGENT_REPORT: URGENT, DASHBOARD_REPORT: DASHBOARD, SCHEDULED_REPORT: SCHEDULED}


class Record:
    """What the API would answer: each report's status, its deliveries' states, and the occurrences."""

    def __init__(self) -> None:
        self.status = dict.fromkeys(COMMISSIONS, "queued")
        self.reason = ""
        self.states: dict[UUID, Sequence[str]] = {}
        self.occurrences: list[Occurrence] = []

    def occur(self, status: str, **facts: Any) -> None:
        moment = datetime(2026, 1, 1, tzinfo=UTC)
        facts = {"report_id": SCHEDULED_REPORT, **facts}
        self.occurrences = [Occurrence(id=uuid4(), scheduled_for=moment, status=status, **facts)]

    def end(self, report_id: UUID, status: str, *states: str) -> None:
        self.status[report_id], self.states[report_id] = status, states

    def executions(self, _schedule_id: UUID) -> Sequence[Occurrence]:
        return self.occurrences

    def progress(self, report_id: UUID) -> Progress:
        return Progress(id=report_id, status=self.status[report_id], reason=self.reason, rows=185, attempt=1)

    def report(self, report_id: UUID) -> Report:
        commission: Commission = COMMISSIONS[report_id]
        deliveries = tuple(
            Delivery(id=uuid4(), address=reader.address, state=state, attempt=1, reason="550 no such user", answer="")
            for reader, state in zip(commission.readers, self.states.get(report_id, ()), strict=False)
        )
        status = self.status[report_id]
        return Report(id=report_id, status=status, reason=self.reason, rows=185, attempt=1, deliveries=deliveries)

    def finish(self) -> None:
        self.end(URGENT_REPORT, "completed", "sent")
        self.end(DASHBOARD_REPORT, "completed", "sent")
        self.end(SCHEDULED_REPORT, "completed", "sent", "sent", "sent")
        self.occur("success")


@pytest.fixture
def record() -> Record:
    return Record()


def waiting_on(record: Record) -> Waiting:
    stage = Stage(scheduled=SCHEDULE, weekly=SCHEDULE, urgent_report=URGENT_REPORT, dashboard_report=DASHBOARD_REPORT)
    return Waiting(record, stage, str.title, lambda service: f"log/{service}.log")  # type: ignore[arg-type]


def wait(record: Record, boards: list[Sequence[Line]] | None = None, deadline_seconds: float = 10) -> list[Finished]:
    clock: Iterator[int] = count()
    return wait_for_letters(
        waiting_on(record),
        (boards if boards is not None else []).append,
        deadline_seconds,
        monotonic=lambda: float(next(clock)),
        sleep=lambda _: None,
    )


def test_waiting_ends_when_all_letters_were_taken(record: Record) -> None:
    record.finish()
    boards: list[Sequence[Line]] = []

    finished = wait(record, boards)

    assert [one.report.id for one in finished] == list(COMMISSIONS)
    assert [(line.letters, line.expected) for line in boards[-1]] == [(1, 1), (1, 1), (3, 3)]


def test_a_letter_of_unknown_fate_may_have_come(record: Record) -> None:
    record.finish()
    record.end(SCHEDULED_REPORT, "partial", "sent", "unknown", "sent")
    record.occur("partial")

    assert len(wait(record)) == 3


def test_waiting_goes_on_until_the_occurrence_is_closed(record: Record) -> None:
    record.finish()
    record.occur("started")

    with pytest.raises(TransientFailure, match="The record has not closed the occurrence"):
        wait(record)


def test_a_report_that_failed_is_named_with_its_reason_and_log(record: Record) -> None:
    record.end(URGENT_REPORT, "failed")
    record.reason = "No such table: flights."

    with pytest.raises(PermanentFailure, match=r"has failed: No such table: flights\..*log/generator\.log"):
        wait(record)


def test_a_letter_that_was_refused_is_named_with_its_reason_and_log(record: Record) -> None:
    record.finish()
    record.end(SCHEDULED_REPORT, "partial", "sent", "rejected", "sent")

    with pytest.raises(PermanentFailure, match=r"bessie@example\.org.*was rejected: 550 no such user.*log/mailer\.log"):
        wait(record)


def test_a_schedule_that_was_missed_is_named_with_its_reason(record: Record) -> None:
    record.occur("missed", report_id=None, error="The scheduler was not running at that time.")

    with pytest.raises(PermanentFailure, match=r"missed: The scheduler was not running.*log/scheduler\.log"):
        wait(record)


def test_a_schedule_that_came_due_twice_is_a_failure(record: Record) -> None:
    record.finish()
    record.occurrences *= 2

    with pytest.raises(PermanentFailure, match="2 times instead of once"):
        wait(record)


def test_after_the_deadline_each_thing_that_is_missing_is_named(record: Record) -> None:
    record.end(URGENT_REPORT, "delivering", "deferred")

    with pytest.raises(TransientFailure) as late:
        wait(record, deadline_seconds=5)

    assert "within 5 seconds" in str(late.value)
    assert "duty-desk@example.com is deferred (550 no such user)" in str(late.value)
    assert "waiting for its moment" in str(late.value)
