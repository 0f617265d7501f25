"""A scheduler that dies at any statement of the transaction that fires: each moment once, none missing."""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from scheduler_process import make_order
from sqlalchemy import Engine, delete, event, select

from libs.common.messages import GenerateReport, Misfire, Timing
from libs.common.migrations import migrate
from libs.common.outbox import outbox
from libs.common.store import Store
from services.scheduler import claim
from services.scheduler.claim import claim_due
from services.scheduler.tables import timetable as rows
from services.scheduler.timetable import Timetable, write

DUE_AT = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
NOW = DUE_AT + timedelta(minutes=1, seconds=1)
EVERY_MINUTE = Timing(frequency="interval", config={"every": 1, "unit": "minutes"})
ALL = Misfire(policy="all", max_catch_up=10)
SCHEDULES = 3
MOMENTS = 2


def prepare(store: Store) -> list[UUID]:
    schedules = [uuid4() for _ in range(SCHEDULES)]
    row = {
        "version": 1,
        "active": True,
        "timing": write(EVERY_MINUTE),
        "report_order": write(make_order()),
        "misfire": write(ALL),
        "next_at": DUE_AT,
    }
    with store.begin() as session:
        session.execute(delete(outbox))
        session.execute(delete(rows))
        session.execute(rows.insert(), [{"schedule_id": schedule, **row} for schedule in schedules])
    return schedules


def fire(url: str, dies_at: int) -> int:
    """Claim all that is due, in a process that is killed at its point number `dies_at`; how it ended."""
    child = os.fork()
    if child == 0:
        store = Store(url)
        kill_at(store.engine, dies_at)
        while claim_due(Timetable(store), NOW):
            pass
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at(engine: Engine, number: int) -> None:
    """Before and after each statement, and before each commit, is a point to die at."""
    points = iter(range(1, 10_000))

    def point(*_: Any, **__: Any) -> None:
        if next(points) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    for name in ("before_cursor_execute", "after_cursor_execute", "commit"):
        event.listen(engine, name, point)


def fired(store: Store) -> Counter[str]:
    """How often each moment of each schedule was ordered."""
    with store.read() as session:
        bodies = session.execute(select(outbox.c.body).where(outbox.c.wire_name == GenerateReport.wire_name()))
        return Counter(occurrence_of(body) for body in bodies.scalars())


def occurrence_of(body: bytes) -> str:
    text = body.decode()
    begin = text.index('"occurrence_id":"') + len('"occurrence_id":"')
    return text[begin : begin + 36]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/timetable.sqlite"
    new_database: Callable[[str], str] = request.getfixturevalue("new_database")
    return new_database("timetable")


def test_a_scheduler_killed_at_any_statement_fires_each_moment_once(
    store_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "BATCH", 2)  # two transactions
    store = Store(store_url)
    migrate(store, "services.scheduler.migrations")
    ended, deaths = -signal.SIGKILL, 0
    before_the_end = []
    while ended == -signal.SIGKILL:
        prepare(store)
        store.dispose()  # a connection must not be in two processes
        ended = fire(store_url, dies_at=deaths + 1)
        before_the_end.append(sum(fired(store).values()))
        store.dispose()
        assert fire(store_url, dies_at=0) == 0

        times = fired(store)
        assert (len(times), set(times.values())) == (SCHEDULES * MOMENTS, {1}), f"killed at point {deaths + 1}"
        deaths += ended == -signal.SIGKILL
    store.dispose()

    assert ended == 0
    assert deaths > 10
    # The control: it did die before, between and after the two transactions.
    assert set(before_the_end) == {0, 2 * MOMENTS, 3 * MOMENTS}
