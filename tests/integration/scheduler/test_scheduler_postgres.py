"""Several schedulers on one PostgreSQL timetable."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from scheduler_process import make_order, saved
from sqlalchemy import select, text

from libs.common.messages import Timing, decode_event
from libs.common.migrations import migrate, with_plumbing
from libs.common.outbox import outbox
from libs.common.store import Store
from services.scheduler import claim
from services.scheduler.claim import claim_due
from services.scheduler.listener import ScheduleListener
from services.scheduler.tables import metadata
from services.scheduler.tables import timetable as rows
from services.scheduler.timetable import Move, Timetable, write

DUE_AT = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
NOW = DUE_AT + timedelta(seconds=1)
DAILY = Timing(frequency="daily", config={"hour": 12})


@pytest.fixture
def new_store(postgres_url: str) -> Iterator[Callable[[], Store]]:
    """Opens the same timetable again, as another process would."""
    stores: list[Store] = []

    def open_store() -> Store:
        stores.append(Store(postgres_url))
        return stores[-1]

    migrate(open_store(), "services.scheduler.migrations")
    yield open_store
    for store in stores:
        store.dispose()


def fill(store: Store, count: int, next_at: datetime = DUE_AT) -> list[UUID]:
    schedules = [uuid4() for _ in range(count)]
    row = {
        "version": 1,
        "active": True,
        "timing": write(DAILY),
        "report_order": write(make_order()),
        "next_at": next_at,
    }
    with store.begin() as session:
        session.execute(rows.insert(), [{"schedule_id": schedule, **row} for schedule in schedules])
    return schedules


def listener_of(store: Store) -> ScheduleListener:
    return ScheduleListener(Timetable(store), catch_up=timedelta(hours=1), clock=lambda: NOW, wake=lambda: None)


def started(store: Store) -> list[UUID]:
    with store.read() as session:
        found = session.execute(select(outbox).where(outbox.c.wire_name == "occurrence.started.v1")).all()
    events: list[Any] = [decode_event(row.body, row.wire_name) for row in found]
    return [event.schedule_id for event in events]


def together(*works: Callable[[], Any]) -> list[Any]:
    """Do all works at the same time, each in a thread of its own."""
    barrier = threading.Barrier(len(works))

    def begin(work: Callable[[], Any]) -> Any:
        barrier.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_two_schedulers_claim_two_hundred_due_moments_each_exactly_once(
    new_store: Callable[[], Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim, "BATCH", 7)  # many small transactions, so that the two meet often
    stores = [new_store(), new_store()]
    schedules = fill(stores[0], 200)

    def work_off(store: Store) -> int:
        batches = 0
        while claim_due(Timetable(store), NOW):
            batches += 1
        return batches

    batches = together(lambda: work_off(stores[0]), lambda: work_off(stores[1]))

    assert Counter(started(stores[0])) == Counter(schedules)
    assert min(batches) > 0, "only one of them has worked, so the test has shown nothing"
    assert Timetable(stores[0]).earliest() == DUE_AT + timedelta(days=1)


def test_what_one_scheduler_holds_another_leaves_alone_and_does_not_wait_for(new_store: Callable[[], Store]) -> None:
    one, other = Timetable(new_store()), Timetable(new_store())
    fill(new_store(), 30)

    with one.begin() as session:
        held = {entry.schedule_id for entry in one.due(session, NOW, 20)}
        with other.begin() as second:
            free = {entry.schedule_id for entry in other.due(second, NOW, 20)}

    assert (len(held), len(free)) == (20, 10)
    assert not held & free


def test_of_two_versions_that_arrive_at_the_same_time_the_newer_stays(new_store: Callable[[], Store]) -> None:
    def hear(store: Store, schedule_id: UUID, version: int) -> None:
        with store.begin() as session:
            listener_of(store).saved(session, saved(DAILY, schedule_id=schedule_id, version=version))

    stores = [new_store(), new_store(), new_store()]
    schedules = [uuid4() for _ in range(15)]
    for schedule in schedules:
        together(*(partial(hear, store, schedule, version) for version, store in enumerate(stores, start=1)))

    with stores[0].read() as session:
        versions = session.execute(select(rows.c.schedule_id, rows.c.version)).all()
    assert {tuple(row) for row in versions} == {(schedule, 3) for schedule in schedules}


def test_an_edit_waits_for_a_claim_that_holds_the_entry_and_builds_on_it(new_store: Callable[[], Store]) -> None:
    claiming, editing = new_store(), new_store()
    (schedule,) = fill(claiming, 1)
    edited = threading.Event()

    def edit() -> None:
        with editing.begin() as session:
            listener_of(editing).saved(session, saved(DAILY, schedule_id=schedule, version=2))
        edited.set()

    timetable = Timetable(claiming)
    with timetable.begin() as session:
        (entry,) = timetable.due(session, NOW, 1)
        thread = threading.Thread(target=edit)
        thread.start()
        assert not edited.wait(0.3)
        move = Move(entry=entry, next_at=DUE_AT + timedelta(days=1), served_for=DUE_AT)
        assert timetable.move(session, [move]) == [True]
    thread.join(10)

    with editing.read() as session:
        row = session.execute(select(rows)).one()
    assert (row.version, row.next_at, row.served_for) == (2, DUE_AT + timedelta(days=1), DUE_AT)


def test_looking_for_what_is_due_reads_the_index_and_not_the_table(new_store: Callable[[], Store]) -> None:
    store = new_store()
    fill(store, 5_000, next_at=DUE_AT + timedelta(days=1))
    fill(store, 5)
    with store.engine.connect() as connection:
        connection.execute(text("ANALYZE timetable"))
        plans = [
            "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {query}"))
            for query in (
                f"SELECT * FROM timetable WHERE next_at <= '{NOW}' ORDER BY next_at LIMIT 500 FOR UPDATE SKIP LOCKED",
                "SELECT min(next_at) FROM timetable",
            )
        ]

    for plan in plans:
        assert "ix_timetable_next_at" in plan
        assert "Seq Scan" not in plan


def test_the_first_revision_makes_the_tables_that_the_code_expects(new_store: Callable[[], Store]) -> None:
    with new_store().engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
