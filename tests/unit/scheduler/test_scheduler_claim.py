"""Claiming on a real timetable: each moment once, announced and ordered in one transaction."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import chain
from typing import Any
from uuid import UUID

import pytest
from scheduler_world import NOON, World, make_order
from sqlalchemy import event, select

from libs.common import ids
from libs.common.messages import (
    Calendar,
    GenerateReport,
    Message,
    Misfire,
    OccurrencesPassed,
    OccurrenceStarted,
    SchedulePaused,
    Timing,
)
from libs.common.metrics import OCCURRENCES
from libs.common.outbox import Outbox, outbox
from libs.common.store import Store
from services.scheduler import claim
from services.scheduler.announce import MANY
from services.scheduler.claim import BATCH, claim_due
from services.scheduler.tables import timetable as rows
from services.scheduler.timetable import Entry, Move, Timetable

HOUR = timedelta(hours=1)
ONE = NOON + HOUR
HOURLY = Timing(frequency="cron", config={"cron": "0 * * * *"})
EVERY_MINUTE = Timing(frequency="interval", config={"every": 1, "unit": "minutes"})


def started(messages: list[Message]) -> list[Any]:
    return [message.scheduled_for for message in messages if isinstance(message, OccurrenceStarted)]


def missed(messages: list[Message]) -> list[Any]:
    return [
        moment
        for message in messages
        if isinstance(message, OccurrencesPassed) and message.outcome == "missed"
        for moment in message.moments
    ]


def moments_of(message: Any) -> list[Any]:
    if isinstance(message, OccurrencesPassed):
        return list(message.moments)
    return [message.scheduled_for] if isinstance(message, OccurrenceStarted) else []


def count(outcome: str) -> float:
    return OCCURRENCES.labels(outcome)._value.get()


def test_a_due_moment_starts_an_occurrence_and_orders_its_report(world: World) -> None:
    order = make_order("urgent")
    schedule = world.save(order=order, version=3)

    assert world.tick(ONE - timedelta(microseconds=1)) == []
    occurrence = ids.occurrence_id(schedule, ONE)
    report = ids.report_id(occurrence)
    assert world.tick(ONE) == [
        GenerateReport(
            report_id=report,
            order=order,
            requested_at=ONE,
            occurrence_id=occurrence,
            schedule_id=schedule,
            scheduled_for=ONE,
        ),
        OccurrenceStarted(
            at=ONE,
            occurrence_id=occurrence,
            schedule_id=schedule,
            schedule_version=3,
            scheduled_for=ONE,
            report_id=report,
            order=order,
        ),
    ]
    assert world.tick() == []
    assert world.entry(schedule).next_at == ONE + timedelta(days=1)


@pytest.mark.parametrize("priority", ["urgent", "high", "normal", "low"])
def test_the_order_goes_to_the_queue_of_its_priority(world: World, priority: Any) -> None:
    world.save(order=make_order(priority))
    world.tick(ONE)

    with world.store.read() as session:
        keys = session.execute(select(outbox.c.routing_key).order_by(outbox.c.id)).scalars().all()
    assert keys == [f"reports.{priority}", "occurrence.started.v1"]


def test_claiming_says_whether_there_was_work(world: World) -> None:
    world.save()

    assert not claim_due(world.timetable, NOON)
    assert claim_due(world.timetable, ONE)
    assert not claim_due(world.timetable, ONE)


def test_the_latest_of_several_moments_starts_and_the_others_are_announced_as_missed(world: World) -> None:
    schedule = world.save(timing=HOURLY)

    messages = world.tick(NOON + 3 * HOUR + timedelta(minutes=20))

    assert missed(messages) == [NOON + HOUR, NOON + 2 * HOUR]
    assert started(messages) == [NOON + 3 * HOUR]
    assert world.entry(schedule).next_at == NOON + 4 * HOUR


def test_a_moment_older_than_the_time_for_catching_up_is_missed_and_nothing_is_ordered(world: World) -> None:
    world.save()

    messages = world.tick(ONE + HOUR + timedelta(seconds=1))

    assert missed(messages) == [ONE]
    assert [type(message) for message in messages] == [OccurrencesPassed]


def test_a_once_schedule_ends_after_its_moment(world: World) -> None:
    schedule = world.save(timing=Timing(frequency="once", config={"at": "2026-05-05T13:00:00"}))

    assert started(world.tick(ONE)) == [ONE]
    assert world.entry(schedule).next_at is None
    assert world.entry(schedule).active
    assert world.tick(ONE + timedelta(days=400)) == []


def test_a_schedule_ends_with_its_last_moment(world: World) -> None:
    schedule = world.save(timing=Timing(frequency="cron", config={"cron": "0 * * * *"}, ends_at=NOON + 2 * HOUR))

    assert started(world.tick(ONE)) == [ONE]
    assert started(world.tick(ONE + HOUR)) == [ONE + HOUR]
    assert world.entry(schedule).next_at is None


def test_more_schedules_than_fit_into_a_batch_are_claimed_once_each(world: World) -> None:
    schedules = {world.save() for _ in range(20)}
    template = world.entry(next(iter(schedules)))
    with world.store.begin() as session:
        session.execute(
            rows.insert(),
            [
                {"schedule_id": UUID(int=number), "version": 1, "active": True, "timing": template.timing}
                | {"report_order": template.report_order, "next_at": ONE}
                for number in range(BATCH + 30)
            ],
        )

    messages = world.tick(ONE)

    found = [message.schedule_id for message in messages if isinstance(message, OccurrenceStarted)]
    assert len(found) == len(set(found)) == BATCH + 50


def test_a_transaction_ends_when_it_has_enough_orders_to_place(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(claim, "MAX_STARTED", 100)
    for _ in range(4):
        world.save(timing=EVERY_MINUTE, misfire=Misfire(policy="all", max_catch_up=120))
    world.now = NOON + timedelta(days=3)
    last = [world.now - timedelta(minutes=back) for back in range(119, -1, -1)]

    transactions = []
    while claim_due(world.timetable, world.now):
        transactions.append(started(world.said()))

    assert max(map(len, transactions)) == 100
    assert sorted(chain(*transactions)) == sorted(last * 4)


def test_moments_that_fall_into_a_day_off_are_told_as_skipped_with_the_reason(world: World) -> None:
    timing = Timing(frequency="daily", config={"hour": 13}, calendar=Calendar(country="DE", dates=(date(2026, 5, 7),)))
    world.save(timing=timing)

    said = {
        moment.day: m for day in range(8) for m in world.tick(ONE + timedelta(days=day)) for moment in moments_of(m)
    }

    assert {day: m.reason for day, m in said.items() if isinstance(m, OccurrencesPassed)} == {
        7: "It is a day off in the calendar.",
        9: "It is a Saturday.",
        10: "It is a Sunday.",
    }
    assert [day for day, m in said.items() if isinstance(m, OccurrenceStarted)] == [5, 6, 8, 11, 12]


def test_a_schedule_with_jitter_starts_later_by_an_offset_of_its_own_and_is_not_late(world: World) -> None:
    schedule = world.save(
        UUID(int=7_000_123), timing=Timing(frequency="daily", config={"hour": 13}, jitter_seconds=600)
    )
    later = timedelta(seconds=7_000_123 % 600)

    assert world.tick(ONE + later - timedelta(seconds=1)) == []
    (command, event) = world.tick(ONE + later)

    assert isinstance(event, OccurrenceStarted)
    assert (event.scheduled_for, event.jitter_seconds) == (ONE, later.total_seconds())
    assert isinstance(command, GenerateReport)
    assert command.scheduled_for == ONE
    assert world.entry(schedule).next_at == ONE + timedelta(days=1) + later


@pytest.mark.parametrize("count", [3, MANY + 1])
def test_one_line_in_the_log_speaks_for_many(world: World, caplog: pytest.LogCaptureFixture, count: int) -> None:
    for _ in range(count):
        world.save(timing=HOURLY)
    with caplog.at_level("INFO"):
        world.tick(ONE + HOUR)

    said = Counter(record.getMessage() for record in caplog.records)
    del said["the timetable has changed"]
    if count > MANY:
        assert said == {"occurrences have started": 1, "occurrences were missed": 1}
    else:
        assert said == {"an occurrence has started": count, "occurrences were missed": count}


# What cannot be evaluated ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "text", "words"),
    [
        ("timing", "{broken", "The stored timing of the schedule cannot be read"),
        ("timing", None, "The stored timing of the schedule cannot be read"),
        ("timing", '{"frequency": "fortnightly", "config": {}}', "fortnightly"),
        ("timing", '{"frequency": "daily", "config": {"hour": 25}}', "hour is 25"),
        ("timing", '{"frequency": "daily", "config": {"hour": 5}, "timezone": "Mars/Olympus"}', "Mars/Olympus"),
        ("report_order", '{"template": 5}', "The stored order of the schedule cannot be read"),
    ],
)
def test_a_schedule_that_cannot_be_evaluated_is_paused_and_does_not_hold_up_the_others(
    world: World, column: str, text: str | None, words: str
) -> None:
    broken, sound = world.save(version=7), world.save()
    world.spoil(broken, **{column: text})

    messages = world.tick(ONE)

    (paused,) = [message for message in messages if isinstance(message, SchedulePaused)]
    assert (paused.schedule_id, paused.version, paused.at) == (broken, 7, ONE)
    assert words in paused.reason
    assert paused.reason.endswith(".")
    assert [message.schedule_id for message in messages if isinstance(message, OccurrenceStarted)] == [sound]
    assert not world.entry(broken).active
    assert world.tick(ONE + timedelta(hours=5)) == []


def test_a_paused_schedule_goes_on_when_it_is_saved_again(world: World) -> None:
    schedule = world.save(timing=HOURLY)
    world.spoil(schedule, timing="{")
    world.tick(ONE)

    world.now = ONE + timedelta(minutes=30)
    world.save(schedule, timing=HOURLY, version=2)

    assert started(world.tick(ONE + HOUR)) == [ONE + HOUR]


# Once ------------------------------------------------------------------------------------------------------


def move(entry: Entry) -> Move:
    return Move(entry=entry, next_at=ONE + HOUR, served_for=ONE)


def test_an_entry_moves_only_if_it_is_still_as_it_was_read(world: World) -> None:
    for _ in range(3):
        world.save()
    with world.timetable.begin() as session:
        read, other, third = world.timetable.due(session, ONE, 10)
        assert world.timetable.move(session, [move(read), move(other)]) == [True, True]
        assert world.timetable.move(session, [move(read)]) == [False]
        assert world.timetable.move(session, [move(third), move(read)]) == [True, False]


def test_an_entry_that_was_edited_after_it_was_read_does_not_move(world: World) -> None:
    schedule = world.save()
    with world.timetable.begin() as session:
        (read,) = world.timetable.due(session, ONE, 10)
    world.save(schedule, version=2, order=make_order(title="Sales, renamed"))

    assert world.entry(schedule).next_at == read.next_at
    with world.timetable.begin() as session:
        assert world.timetable.move(session, [move(read)]) == [False]


@dataclass
class LateReader(Timetable):
    """A scheduler that reads before another one has claimed, and writes afterwards: as without any lock."""

    other: World
    read: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.other.store)
        with self.begin() as session:
            self.read = super().due(session, ONE, 10)

    def due(self, session: Any, now: Any, limit: int) -> list[Any]:
        found, self.read = self.read, []
        return found


def test_a_scheduler_that_comes_too_late_claims_nothing(world: World) -> None:
    world.save()
    late = LateReader(world)
    assert started(world.tick(ONE)) == [ONE]

    assert claim_due(late, ONE)
    assert world.said() == []


def test_a_clock_that_goes_back_an_hour_fires_nothing_twice(world: World) -> None:
    schedule = world.save(timing=EVERY_MINUTE)
    first_pass = [moment for minute in range(90) for moment in started(world.tick(NOON + timedelta(minutes=minute)))]

    back = NOON + timedelta(minutes=30)
    second_pass = [moment for minute in range(60) for moment in started(world.tick(back + timedelta(minutes=minute)))]
    after = started(world.tick(NOON + timedelta(minutes=90)))

    assert len(first_pass) == len(set(first_pass)) == 89
    assert second_pass == []
    assert after == [NOON + timedelta(minutes=90)]
    assert world.entry(schedule).next_at == NOON + timedelta(minutes=91)


def test_a_clock_that_went_back_does_not_bring_moments_back_through_an_edit_or_a_pause(world: World) -> None:
    schedule = world.save(timing=HOURLY)
    assert started(world.tick(ONE)) == [ONE]

    world.now = NOON + timedelta(minutes=10)  # an hour back
    world.save(schedule, timing=Timing(frequency="cron", config={"cron": "0,30 * * * *"}), version=2)
    assert started(world.tick(ONE)) == []
    world.save(schedule, active=False, version=3)
    world.save(schedule, timing=HOURLY, version=4)
    assert started(world.tick(ONE)) == []
    assert started(world.tick(ONE + HOUR)) == [ONE + HOUR]


def test_a_clock_that_was_days_ahead_does_not_silence_a_schedule_that_is_saved_again(world: World) -> None:
    schedule = world.save(timing=HOURLY)
    world.tick(NOON + timedelta(days=365))

    world.now = NOON + timedelta(minutes=10)
    world.save(schedule, timing=Timing(frequency="cron", config={"cron": "30 * * * *"}), version=2)

    assert started(world.tick(NOON + timedelta(minutes=30))) == [NOON + timedelta(minutes=30)]


def test_a_claim_that_breaks_off_changes_nothing_and_counts_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    schedules = [world.save() for _ in range(3)]
    add, counted, calls = Outbox.add, count("started"), iter(range(100))

    def break_at_the_third_command(outbox: Outbox, message: Any) -> None:
        if isinstance(message, GenerateReport) and next(calls) == 2:
            raise ConnectionError("killed")
        add(outbox, message)

    with monkeypatch.context() as patch:
        patch.setattr(Outbox, "add", break_at_the_third_command)
        with pytest.raises(ConnectionError):
            world.tick(ONE)

    assert world.said() == []
    assert {world.entry(schedule).next_at for schedule in schedules} == {ONE}
    assert count("started") == counted
    assert started(world.tick()) == [ONE, ONE, ONE]
    assert count("started") == counted + 3


# Cost ------------------------------------------------------------------------------------------------------


def test_looking_for_what_is_due_reads_the_index_and_not_the_table(world: World, store: Store) -> None:
    world.save()
    statements: list[tuple[str, Any]] = []

    def remember(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            statements.append((statement, parameters))

    event.listen(store.engine, "before_cursor_execute", remember)
    world.timetable.earliest()
    claim_due(world.timetable, NOON)
    event.remove(store.engine, "before_cursor_execute", remember)

    assert len(statements) == 2
    with store.engine.connect() as connection:
        for statement, parameters in statements:
            plan = str(connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters).all())
            assert "INDEX ix_timetable_next_at" in plan
            assert "SCAN timetable'" not in plan
            assert "TEMP B-TREE" not in plan
