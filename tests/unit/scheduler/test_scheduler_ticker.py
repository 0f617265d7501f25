"""When the scheduler looks at the timetable, and what it lets operators see."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from uuid import uuid4

from scheduler_world import NOON, World

from libs.common.clock import utc_now
from libs.common.messages import Message, OccurrenceStarted, TimetableRequested, Timing
from libs.common.metrics import SCHEDULER_HEARTBEAT, SCHEDULES_ACTIVE
from services.scheduler.ticker import COUNT_EVERY, Ticker

CATCH_UP = timedelta(hours=1)


def ticker_of(world: World, may_begin: bool = True) -> Ticker:
    return Ticker(world.timetable, lambda: may_begin, catch_up=CATCH_UP, clock=lambda: world.now)


def started(messages: list[Message]) -> int:
    return sum(isinstance(message, OccurrenceStarted) for message in messages)


def test_a_tick_says_whether_there_was_work_and_leaves_its_time(world: World) -> None:
    world.save()
    ticker = ticker_of(world)

    assert not ticker.tick()
    assert SCHEDULER_HEARTBEAT._value.get() == NOON.timestamp()
    world.now = NOON + timedelta(hours=1)
    assert ticker.tick()
    assert SCHEDULER_HEARTBEAT._value.get() == world.now.timestamp()
    assert started(world.said()) == 1
    assert not ticker.tick()


def test_nothing_is_claimed_until_the_waiting_events_are_heard(world: World) -> None:
    world.save()
    world.now = NOON + timedelta(hours=1)

    assert not ticker_of(world, may_begin=False).tick()
    assert world.said() == []
    assert ticker_of(world).tick()


def test_an_empty_timetable_asks_once_for_all_schedules_when_the_waiting_events_are_heard(world: World) -> None:
    ticker_of(world, may_begin=False).tick()
    assert world.said() == []
    ticker = ticker_of(world)
    assert not ticker.tick()
    assert not ticker.tick()
    assert world.said() == [TimetableRequested(at=NOON)]

    schedule = world.save()
    world.delete(schedule, version=2)
    ticker_of(world).tick()
    assert world.said() == []


def test_active_schedules_are_counted_now_and_then(world: World) -> None:
    ticker = ticker_of(world)
    ticker.tick()
    assert SCHEDULES_ACTIVE._value.get() == 0

    world.save()
    world.save(active=False)
    world.delete(uuid4(), version=1)
    ticker.tick()
    assert SCHEDULES_ACTIVE._value.get() == 0
    world.now += COUNT_EVERY
    ticker.tick()
    assert SCHEDULES_ACTIVE._value.get() == 1


def test_the_loop_wakes_right_at_the_moment_and_after_a_change(world: World) -> None:
    world.now = utc_now()
    world.save(timing=Timing(frequency="interval", config={"every": 300, "unit": "days"}))
    ticker = Ticker(world.timetable, lambda: True, catch_up=CATCH_UP)
    heard = threading.Event()
    world.store.on_announcement(heard.set)
    ticker.start()
    try:
        # The loop has found nothing and sleeps for a second; the change wakes it and the alarm tells it the moment.
        at = utc_now() + timedelta(milliseconds=300)
        world.listener._wake = ticker.wake
        world.save(timing=Timing(frequency="once", config={"at": at.isoformat()}), at=utc_now())
        assert heard.wait(10)
    finally:
        ticker.stop(5)

    (_, event) = world.said()
    assert isinstance(event, OccurrenceStarted)
    assert timedelta(0) <= event.at - at < timedelta(milliseconds=600)


def test_the_loop_ends_when_asked_to(world: World) -> None:
    ticker = Ticker(world.timetable, lambda: True, catch_up=CATCH_UP)
    ticker.start()
    begin = time.monotonic()
    ticker.stop(5)

    assert not ticker.alive()
    assert time.monotonic() - begin < 2
