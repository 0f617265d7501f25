"""How changes of schedules reach the timetable."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from scheduler_world import DAILY, NOON, World, make_order

from libs.common.messages import (
    Event,
    GenerateReport,
    Message,
    OccurrencesPassed,
    OccurrenceStarted,
    OccurrenceSucceeded,
    SchedulePaused,
    ScheduleSaved,
    Timing,
)
from services.scheduler.listener import MAX_ORDER_BYTES

HOUR = timedelta(hours=1)
ONE = NOON + HOUR
HOURLY = Timing(frequency="cron", config={"cron": "0 * * * *"})
AT_HALF_PAST = Timing(frequency="cron", config={"cron": "30 * * * *"})


def kinds(messages: list[Message]) -> list[tuple[type[Message], Any]]:
    found: list[tuple[type[Message], Any]] = []
    for message in messages:
        if isinstance(message, OccurrenceStarted):
            found.append((OccurrenceStarted, message.scheduled_for))
        elif isinstance(message, OccurrencesPassed):
            found += [(OccurrencesPassed, moment) for moment in message.moments]
    return found


def test_a_saved_schedule_has_its_next_moment_in_the_timetable(world: World) -> None:
    schedule = world.save(timing=Timing(frequency="daily", config={"hour": 8}, timezone="Europe/Berlin"))

    assert world.entry(schedule).next_at == NOON + timedelta(hours=18)
    assert world.entry(schedule).active


def test_the_loop_is_woken_after_the_commit_and_not_before(world: World) -> None:
    event = ScheduleSaved(at=NOON, schedule_id=uuid4(), version=1, active=True, timing=DAILY, order=make_order())
    handler = world.listener.handlers()[ScheduleSaved]

    with world.store.begin() as session:
        handler(session, event)
        assert world.wakes == 0
    assert world.wakes == 1


def test_a_change_that_is_rolled_back_wakes_nobody(world: World) -> None:
    event = ScheduleSaved(at=NOON, schedule_id=uuid4(), version=1, active=True, timing=DAILY, order=make_order())

    with world.store.begin() as session:
        world.listener.saved(session, event)
        session.rollback()

    assert world.wakes == 0
    assert world.timetable.earliest() is None


@pytest.mark.parametrize("version", [1, 4, 5])
def test_an_older_or_equal_version_is_left_alone(world: World, version: int) -> None:
    schedule = world.save(version=5)
    known = world.entry(schedule)

    world.save(schedule, timing=HOURLY, version=version)
    world.save(schedule, active=False, version=version)
    world.delete(schedule, version=version)

    assert world.entry(schedule) == known


def test_changes_in_any_order_end_in_the_newest(world: World) -> None:
    schedule = world.save(timing=HOURLY, version=3)
    world.save(schedule, timing=AT_HALF_PAST, version=2)
    world.save(schedule, timing=DAILY, version=1)

    assert world.entry(schedule).version == 3
    assert kinds(world.tick(ONE)) == [(OccurrenceStarted, ONE)]


def test_a_deleted_schedule_does_not_fire_and_an_older_save_does_not_bring_it_back(world: World) -> None:
    schedule = world.save(version=1)
    world.delete(schedule, version=3)
    world.save(schedule, version=2)

    assert world.tick(ONE) == []
    assert world.entry(schedule).version == 3
    assert world.entry(schedule).report_order is None


def test_a_delete_that_arrives_before_the_save_holds(world: World) -> None:
    schedule = uuid4()
    world.delete(schedule, version=2)
    world.save(schedule, version=1)

    assert world.tick(ONE) == []


def test_a_paused_schedule_does_not_fire(world: World) -> None:
    schedule = world.save()
    world.save(schedule, active=False, version=2)

    assert world.tick(ONE) == []
    assert world.entry(schedule).next_at is None


def test_a_resumed_schedule_does_not_fire_for_the_time_it_slept(world: World) -> None:
    schedule = world.save(timing=HOURLY)
    world.save(schedule, timing=HOURLY, active=False, version=2)
    world.now = NOON + timedelta(hours=5, minutes=30)
    world.save(schedule, timing=HOURLY, version=3)

    assert kinds(world.tick()) == []
    assert kinds(world.tick(NOON + 6 * HOUR)) == [(OccurrenceStarted, NOON + 6 * HOUR)]


def test_an_edit_that_leaves_the_timing_alone_keeps_the_next_moment_and_takes_the_new_order(world: World) -> None:
    schedule = world.save(timing=Timing(frequency="daily", config={"hour": 13, "minute": 0}))
    world.now = ONE + timedelta(milliseconds=300)  # due, and not claimed yet
    world.save(
        schedule,
        timing=Timing(frequency="daily", config={"minute": 0, "hour": 13}),
        version=2,
        order=make_order(title="Sales, renamed"),
    )

    messages = world.tick()

    assert kinds(messages) == [(OccurrenceStarted, ONE)]
    (command,) = [message for message in messages if isinstance(message, GenerateReport)]
    assert command.order.template.title == "Sales, renamed"


def test_an_edit_of_a_schedule_that_is_over_does_not_start_it_again(world: World) -> None:
    once = Timing(frequency="once", config={"at": "2026-05-05T13:00:00"})
    schedule = world.save(timing=once)
    world.tick(ONE)

    world.save(schedule, timing=once, version=2, order=make_order(title="Sales, renamed"))

    assert world.entry(schedule).next_at is None


def test_an_edit_of_the_timing_moves_the_next_moment(world: World) -> None:
    schedule = world.save(timing=DAILY)
    world.save(schedule, timing=AT_HALF_PAST, version=2)

    assert world.entry(schedule).next_at == NOON + timedelta(minutes=30)


def test_an_edit_after_a_moment_does_not_bring_it_back(world: World) -> None:
    schedule = world.save(timing=DAILY)
    world.tick(ONE)
    world.save(schedule, timing=HOURLY, version=2, at=ONE - timedelta(seconds=5))

    assert kinds(world.tick(ONE + timedelta(seconds=5))) == []
    assert world.entry(schedule).next_at == ONE + HOUR


# Changes that waited while the scheduler was down ----------------------------------------------------------


def test_a_schedule_saved_while_the_scheduler_was_down_has_its_moments_since_then(world: World) -> None:
    world.now = NOON + timedelta(hours=2, minutes=10)
    world.save(timing=HOURLY, at=NOON + timedelta(minutes=30))

    assert kinds(world.tick()) == [(OccurrencesPassed, ONE), (OccurrenceStarted, ONE + HOUR)]


def test_what_was_due_before_an_edit_belongs_to_the_old_version(world: World) -> None:
    schedule = world.save(timing=HOURLY, order=make_order(title="Old"))
    world.now = NOON + timedelta(hours=2, minutes=50)
    world.save(schedule, timing=AT_HALF_PAST, version=2, at=NOON + timedelta(hours=2, minutes=10))

    messages = world.said()

    assert kinds(messages) == [(OccurrencesPassed, ONE), (OccurrenceStarted, ONE + HOUR)]
    assert [m.schedule_version for m in messages if isinstance(m, (OccurrencesPassed, OccurrenceStarted))] == [1, 1]
    assert [m.order.template.title for m in messages if isinstance(m, GenerateReport)] == ["Old"]
    assert kinds(world.tick()) == [(OccurrenceStarted, NOON + timedelta(hours=2, minutes=30))]


@pytest.mark.parametrize("end", ["paused", "deleted"])
def test_what_was_due_before_a_pause_or_delete_is_missed_and_not_sent_any_more(world: World, end: str) -> None:
    schedule = world.save(timing=HOURLY)
    world.now = NOON + timedelta(hours=2, minutes=20)
    change_at = NOON + timedelta(hours=2, minutes=10)
    if end == "paused":
        world.save(schedule, timing=HOURLY, active=False, version=2, at=change_at)
    else:
        world.delete(schedule, version=2, at=change_at)

    messages = world.said()

    assert kinds(messages) == [(OccurrencesPassed, ONE), (OccurrencesPassed, ONE + HOUR)]
    assert {message.reason for message in messages if isinstance(message, OccurrencesPassed)} == {
        f"The schedule was {end} before the report was ordered."
    }
    assert world.tick() == []


def test_an_old_version_that_cannot_be_read_does_not_stand_in_the_way_of_a_new_one(world: World) -> None:
    schedule = world.save(timing=HOURLY)
    world.spoil(schedule, timing="{")
    world.now = ONE + timedelta(minutes=10)
    world.save(schedule, timing=AT_HALF_PAST, version=2)

    assert world.said() == []
    assert kinds(world.tick(ONE + timedelta(minutes=30))) == [(OccurrenceStarted, ONE + timedelta(minutes=30))]


# What cannot be evaluated ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("timing", "words"),
    [
        (Timing(frequency="daily", config={"hour": 25}), "hour is 25"),
        (Timing(frequency="daily", config={"hour": 5}, timezone="Mars/Olympus"), "Mars/Olympus"),
    ],
)
def test_a_timing_that_cannot_be_evaluated_is_announced_as_paused(world: World, timing: Timing, words: str) -> None:
    schedule = world.save(version=2)
    world.save(schedule, timing=timing, version=3)

    (paused,) = world.said()

    assert isinstance(paused, SchedulePaused)
    assert (paused.schedule_id, paused.version) == (schedule, 3)
    assert words in paused.reason
    assert not world.entry(schedule).active
    assert world.tick(ONE) == []


def test_an_order_too_large_to_travel_is_announced_as_paused(world: World) -> None:
    schedule = world.save(order=make_order(title="x" * MAX_ORDER_BYTES))

    (paused,) = world.said()

    assert isinstance(paused, SchedulePaused)
    assert "bytes; at most" in paused.reason
    assert not world.entry(schedule).active


def test_the_largest_order_that_is_taken_can_be_placed(world: World) -> None:
    room = MAX_ORDER_BYTES - len(make_order(title="").template.slug) - 1_000
    world.save(order=make_order(title="x" * room))

    assert kinds(world.tick(ONE)) == [(OccurrenceStarted, ONE)]


def test_a_schedule_without_further_moments_is_kept_and_silent(world: World) -> None:
    schedule = world.save(timing=Timing(frequency="once", config={"at": "2026-05-05T11:59:59"}))

    assert world.entry(schedule).active
    assert world.entry(schedule).next_at is None
    assert world.said() == []


def test_every_event_that_reaches_the_scheduler_has_a_handler(world: World) -> None:
    handlers: dict[type[Event], Any] = dict(world.listener.handlers())

    assert {kind.wire_name() for kind in handlers} == {
        "schedule.saved.v1",
        "schedule.deleted.v1",
        "occurrence.succeeded.v1",
    }


def test_the_latest_success_is_remembered_in_whatever_order_successes_are_told(world: World) -> None:
    schedule = world.save()
    for moment in (ONE, ONE + timedelta(days=1), ONE - timedelta(days=1)):
        world.hear(OccurrenceSucceeded(at=world.now, schedule_id=schedule, scheduled_for=moment))

    assert world.entry(schedule).succeeded_for == ONE + timedelta(days=1)
