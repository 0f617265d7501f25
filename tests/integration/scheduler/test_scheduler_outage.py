"""An hour without a scheduler: the ledger reads as the policies say, and has no hole."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from scheduler_process import make_order
from sqlalchemy import select

from libs.common.messages import Misfire, Timing, decode_event
from libs.common.migrations import migrate
from libs.common.outbox import outbox
from libs.common.store import Store
from services.api.listener import HANDLERS
from services.api.tables import OccurrenceRow
from services.scheduler.claim import claim_due
from services.scheduler.tables import timetable as rows
from services.scheduler.timetable import Timetable, write

BEGIN = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
BACK = BEGIN + timedelta(minutes=62)
TEN_MINUTES = Timing(frequency="interval", config={"every": 10, "unit": "minutes"})
OF_EACH = 50

S, M = "started", "missed"
POLICIES: dict[str, tuple[Misfire, str]] = {
    # What becomes of 12:00, 12:10 … 13:00. The scheduler comes back at 13:02.
    "skip": (Misfire(policy="skip"), "MMMMMMS"),
    "skip what is later than a minute": (Misfire(policy="skip", max_lateness_seconds=60), "MMMMMMM"),
    "once": (Misfire(), "MMMMMMS"),
    "once, at most a minute late": (Misfire(max_lateness_seconds=60), "MMMMMMM"),
    "all": (Misfire(policy="all", max_catch_up=100), "SSSSSSS"),
    "all, but three": (Misfire(policy="all", max_catch_up=3), "MMMMSSS"),
    "all, at most half an hour late": (Misfire(policy="all", max_lateness_seconds=1800), "MMMMSSS"),
}


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/timetable.sqlite")
    migrate(store, "services.scheduler.migrations")
    yield store
    store.dispose()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/records.sqlite")
    migrate(store, "services.api.migrations")
    yield store
    store.dispose()


def fill(store: Store) -> dict[UUID, str]:
    """Schedules of each policy, due since the beginning; by id the name of their policy."""
    names = {uuid4(): name for name in POLICIES for _ in range(OF_EACH)}
    row = {"version": 1, "active": True, "timing": write(TEN_MINUTES), "report_order": write(make_order())}
    with store.begin() as session:
        session.execute(
            rows.insert(),
            [
                {"schedule_id": schedule, "misfire": write(POLICIES[name][0]), "next_at": BEGIN, **row}
                for schedule, name in names.items()
            ],
        )
    return names


def carry(scheduler: Store, records: Store) -> None:
    """Bring every event to the api, twice and in the wrong order."""
    with scheduler.read() as session:
        said = session.execute(select(outbox.c.wire_name, outbox.c.body).order_by(outbox.c.id.desc())).all()
    events: list[Any] = [decode_event(row.body, row.wire_name) for row in said if row.wire_name in KNOWN]
    with records.begin() as session:
        for event in events + events[::-1]:
            HANDLERS[type(event)](session, event)


KNOWN = {kind.wire_name() for kind in HANDLERS}


def test_after_an_hour_the_ledger_reads_as_the_policies_say(scheduler: Store, records: Store) -> None:
    names = fill(scheduler)
    while claim_due(Timetable(scheduler), BACK):
        pass
    carry(scheduler, records)

    with records.read() as session:
        found = session.execute(select(OccurrenceRow).order_by(OccurrenceRow.scheduled_for)).scalars().all()
    read: dict[UUID, list[tuple[datetime, str]]] = {schedule: [] for schedule in names}
    for row in found:
        read[row.schedule_id].append((row.scheduled_for, row.status))
        assert bool(row.reason) is (row.status == M)
    moments = [BEGIN + timedelta(minutes=10 * number) for number in range(7)]
    for schedule, name in names.items():
        wanted = [S if letter == "S" else M for letter in POLICIES[name][1]]
        assert read[schedule] == list(zip(moments, wanted, strict=True)), name
    assert Timetable(scheduler).earliest() == BEGIN + timedelta(minutes=70)


def test_every_message_of_the_outage_fits_on_the_wire(scheduler: Store) -> None:
    fill(scheduler)
    while claim_due(Timetable(scheduler), BACK + timedelta(days=30)):
        pass
    with scheduler.read() as session:
        sizes = [len(body) for body in session.execute(select(outbox.c.body)).scalars()]
    assert max(sizes) < 256_000
