"""Several listeners keep the record of one burst on PostgreSQL: its counters are right to the last one."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import func, select

from libs.common import ids
from libs.common.delivering import BurstRecipient
from libs.common.errors import TransientFailure
from libs.common.messages import (
    BurstAdvanced,
    BurstChanged,
    Event,
    ReportFailed,
    ReportGenerated,
    ReportSkipped,
    ReportSpread,
    ReportStarted,
)
from libs.common.migrations import migrate
from libs.common.store import Store
from services.api.listener import HANDLERS
from services.api.record.parts import shown_state, under_way
from services.api.tables import BurstRecipientRow, BurstRow, ReportRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
REPORT = UUID(int=7)
PEOPLE = 120
LISTENERS = 3
TOGETHER = 7
TRIES = 200


@pytest.fixture
def records(postgres_url: str) -> Iterator[Store]:
    records = Store(postgres_url)
    migrate(records, "services.api.migrations")
    yield records
    records.dispose()


def test_the_counters_are_right_whoever_hears_what_first(records: Store) -> None:
    events = list(told())
    random.Random(5).shuffle(events)
    portions = [events[number::LISTENERS] for number in range(LISTENERS)]
    with ThreadPoolExecutor(LISTENERS) as pool:
        for done in [pool.submit(listen, records, portion) for portion in portions]:
            done.result(300)
    with records.read() as session:
        row = session.get(BurstRow, REPORT)
        parent = session.get(ReportRow, REPORT)
        assert row is not None
        assert parent is not None
        counts = (row.ordered, row.completed, row.failed, row.skipped, row.invalid, under_way(row))
        assert counts == (PEOPLE, 60, 30, 30, 1, 0)
        assert (shown_state(row), parent.status) == ("done", "partial")
        assert parent.reason.startswith(f"Of {PEOPLE + 1} recipients, 30 failed and 1 with an invalid address: ")
        lines = select(func.count()).select_from(BurstRecipientRow)
        assert session.execute(lines).scalar_one() == PEOPLE + 1
        parts = select(func.count()).select_from(ReportRow).where(ReportRow.parent_id == REPORT)
        assert session.execute(parts).scalar_one() == PEOPLE


def told() -> Iterator[Event]:
    """What a generator tells of a burst in which each fourth report fails, and each fourth is skipped."""
    yield ReportSpread(
        at=NOON, report_id=REPORT, attempt=1, recipients=PEOPLE + 1, state="spreading", query_seconds=0.1
    )
    lines = [
        BurstRecipient(position=number, address=f"m{number:03}@example.org", report_id=part(number))
        for number in range(PEOPLE)
    ]
    lines.append(BurstRecipient(position=PEOPLE, address="x", refusal="invalid", reason="No."))
    for begin in range(0, len(lines), 25):
        yield BurstAdvanced(at=NOON, report_id=REPORT, recipients=tuple(lines[begin : begin + 25]))
    yield BurstChanged(at=NOON, report_id=REPORT, version=2, state="spread")
    for number in range(PEOPLE):
        about: dict[str, Any] = {"at": NOON, "report_id": part(number), "attempt": 1}
        yield ReportStarted(**about)
        if number % 4 == 0:
            yield ReportFailed(**about, stage="query", error_class="permanent", reason="No table.")
        elif number % 4 == 1:
            yield ReportSkipped(**about, rows=0, reason="No rows.")
        else:
            nothing: dict[str, Any] = {"artifacts": (), "deliveries": (), "rows": 1}
            yield ReportGenerated(**about, **nothing, query_seconds=0, render_seconds=0, store_seconds=0)


def part(number: int) -> UUID:
    return ids.part_id(REPORT, str(number))


def listen(records: Store, events: Sequence[Event]) -> None:
    """As the service does: many at a time, and one by one if that fails, again and again."""
    for begin in range(0, len(events), TOGETHER):
        some = events[begin : begin + TOGETHER]
        try:
            handle(records, some)
        except Exception:  # two that wait for each other, or that insert the same row
            for event in some:
                insist(records, event)


def insist(records: Store, event: Event) -> None:
    for _ in range(TRIES):
        try:
            return handle(records, [event])
        except TransientFailure:
            continue
    raise AssertionError(f"{event} cannot be kept")


def handle(records: Store, events: Sequence[Event]) -> None:
    with records.begin() as session:
        for event in events:
            HANDLERS[type(event)](session, event)
