"""The scheduler as a process, on a real broker."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from scheduler_process import DAILY, REPOSITORY, Mailbag, SchedulerProcess, fall_due, once, publish, saved, wait_for

from libs.common import ids
from libs.common.clock import utc_now
from libs.common.connection import kombu_connection
from libs.common.messages import ScheduleDeleted
from libs.common.topology import Topology
from libs.local.private_broker import PrivateBroker
from services.scheduler.backlog import PATIENCE_SECONDS, SETTLE_SECONDS, Backlog

Start = Callable[..., SchedulerProcess]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """Where the schedulers of a test keep their timetable, unless it says otherwise."""
    return f"sqlite:///{tmp_path}/timetable.sqlite"


@pytest.fixture
def start(tmp_path: Path, store_url: str) -> Iterator[Start]:
    """Starts schedulers; what still runs at the end of the test is killed."""
    running: list[SchedulerProcess] = []

    def start_one(broker_url: str, url: str = store_url) -> SchedulerProcess:
        running.append(SchedulerProcess(tmp_path, broker_url, url, f"scheduler-{len(running) + 1}"))
        running[-1].start()
        return running[-1]

    yield start_one
    for process in running:
        process.child.kill()


def test_a_saved_schedule_reaches_the_timetable_and_its_order_the_queue_of_its_priority(
    broker_url: str, start: Start
) -> None:
    scheduler = start(broker_url)
    reports, announced = Mailbag(broker_url, "reports.urgent"), Mailbag(broker_url, "pressroom.events.api")
    event = saved(once(utc_now() + timedelta(seconds=2)), "urgent")

    publish(broker_url, event)
    wait_for(lambda: bool(reports.look()), "the order is in reports.urgent")
    wait_for(lambda: "occurrence.started.v1" in types(announced), "the api hears of it")

    (command,) = reports.commands()
    assert command.order == event.order
    assert command.schedule_id == event.schedule_id
    assert command.scheduled_for is not None
    assert command.occurrence_id == ids.occurrence_id(event.schedule_id, command.scheduled_for)
    assert timedelta(0) <= command.requested_at - command.scheduled_for < timedelta(minutes=1)
    # It may ask for all schedules before it hears of the first.
    assert [one for one in types(announced) if one != "timetable.snapshot_requested.v1"] == [
        "schedule.saved.v1",
        "occurrence.started.v1",
    ]
    assert 'pressroom_occurrences_total{outcome="started"} 1.0' in scheduler.metrics()
    (line,) = [line for line in scheduler.lines() if line["message"] == "an occurrence has started"]
    assert line["report_id"] == str(command.report_id)


def test_a_scheduler_that_has_lost_its_store_asks_for_all_schedules(
    broker_url: str, start: Start, store_url: str, tmp_path: Path
) -> None:
    first, announced = start(broker_url), Mailbag(broker_url, "pressroom.events.api")
    event = saved(DAILY)
    publish(broker_url, event)
    wait_for(lambda: first.said("the timetable has changed") == 1, "the schedule is in the timetable")
    first.child.kill()
    types(announced)
    announced.bodies.clear()

    second = start(broker_url, f"sqlite:///{tmp_path}/another.sqlite")
    wait_for(lambda: "timetable.snapshot_requested.v1" in types(announced), "the scheduler asks")
    # The same version again, since the moment from which on nobody knows what was served.
    publish(
        broker_url,
        msgspec.structs.replace(
            event, at=utc_now() - timedelta(minutes=3), timing=once(utc_now() - timedelta(minutes=2))
        ),
    )
    reports = Mailbag(broker_url, "reports.normal")
    wait_for(lambda: bool(reports.look()), "what was due meanwhile is made up for")
    assert second.said("an occurrence has started") == 1


def test_sigterm_ends_the_scheduler_with_code_0(broker_url: str, start: Start) -> None:
    scheduler = start(broker_url)
    os.kill(scheduler.child.pid, signal.SIGTERM)

    wait_for(lambda: not scheduler.child.running(), "the process ends")
    assert exit_code(scheduler) == 0


def test_a_scheduler_killed_between_claim_and_publish_loses_nothing(
    broker_node: PrivateBroker, start: Start, store_url: str
) -> None:
    broker_url = broker_node.new_vhost()
    first = start(broker_url)
    event = saved(DAILY, "high")
    publish(broker_url, event)
    wait_for(lambda: first.said("the timetable has changed") == 1, "the schedule is in the timetable")
    wait_for(lambda: first.said("the events that were waiting are heard") == 1, "the scheduler has begun to claim")

    broker_node.kill()
    fall_due(store_url, event.schedule_id)
    wait_for(lambda: first.said("an occurrence has started") == 1, "the moment is claimed without a broker")
    first.child.kill()
    broker_node.start()
    reports = Mailbag(broker_url, "reports.high")
    assert reports.look() == []

    second = start(broker_url)
    wait_for(lambda: bool(reports.look()), "the order arrives after the restart")
    assert second.said("an occurrence has started") == 0
    assert [command.schedule_id for command in reports.commands()] == [event.schedule_id]


def test_a_schedule_deleted_while_the_scheduler_was_down_does_not_fire_when_it_is_back(
    broker_url: str, start: Start, store_url: str
) -> None:
    first = start(broker_url)
    deleted, kept = saved(DAILY), saved(DAILY)
    publish(broker_url, deleted, kept)
    wait_for(lambda: first.said("the timetable has changed") == 2, "both are in the timetable")
    first.child.kill()

    fall_due(store_url, deleted.schedule_id, kept.schedule_id)
    publish(broker_url, ScheduleDeleted(at=utc_now(), schedule_id=deleted.schedule_id, version=2))
    start(broker_url)

    reports = Mailbag(broker_url, "reports.normal")
    wait_for(lambda: bool(reports.look()), "the kept schedule is made up for")
    assert [command.schedule_id for command in reports.commands()] == [kept.schedule_id]


def test_two_schedulers_on_one_timetable_serve_each_moment_once(
    broker_url: str, postgres_url: str, start: Start
) -> None:
    schedulers = [start(broker_url, postgres_url), start(broker_url, postgres_url)]
    moment = utc_now() + timedelta(seconds=4)
    events = [saved(once(moment), "low") for _ in range(60)]

    publish(broker_url, *events)
    reports = Mailbag(broker_url, "reports.low")
    wait_for(lambda: len(reports.look()) >= len(events), "all orders arrive")
    for scheduler in schedulers:
        os.kill(scheduler.child.pid, signal.SIGTERM)
    wait_for(lambda: not any(scheduler.child.running() for scheduler in schedulers), "both end")

    reports.look()
    ordered = [command.schedule_id for command in reports.commands()]
    assert sorted(ordered, key=str) == sorted((event.schedule_id for event in events), key=str)
    assert [exit_code(scheduler) for scheduler in schedulers] == [0, 0]


def test_a_wrong_setting_is_one_sentence_and_exit_code_2(broker_url: str, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PRESSROOM_BROKER_URL": broker_url}
    environment["PRESSROOM_SCHEDULER_STORE_URL"] = f"sqlite:///{tmp_path}/timetable.sqlite"
    environment["PRESSROOM_SCHEDULER_CATCH_UP_SECONDS"] = "-5"

    ended = subprocess.run(
        [sys.executable, "-m", "services.scheduler"],
        cwd=REPOSITORY,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "PRESSROOM_SCHEDULER_CATCH_UP_SECONDS is wrong" in ended.stderr


# The events that wait at the start -------------------------------------------------------------------------


class Seconds:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_backlog_is_heard_once_its_queue_was_empty_for_a_moment(broker_url: str) -> None:
    publish(broker_url, saved(DAILY))
    seconds = Seconds()
    backlog = Backlog(broker_url, seconds)

    assert not backlog.is_heard()
    seconds.now += SETTLE_SECONDS + 1
    assert not backlog.is_heard()
    Mailbag(broker_url, "pressroom.events.scheduler").look()
    assert not backlog.is_heard()
    seconds.now += SETTLE_SECONDS
    assert backlog.is_heard()
    publish(broker_url, saved(DAILY))
    assert backlog.is_heard()


def test_a_broker_on_which_nothing_was_declared_yet_has_no_backlog(broker_url: str) -> None:
    seconds = Seconds()
    backlog = Backlog(broker_url, seconds)

    assert not backlog.is_heard()
    seconds.now += SETTLE_SECONDS
    assert backlog.is_heard()
    with kombu_connection(broker_url) as connection:
        Topology().declare(connection.default_channel)


def test_patience_with_a_broker_that_is_away_ends() -> None:
    seconds = Seconds()
    backlog = Backlog("amqp://guest:guest@127.0.0.1:1/", seconds)

    assert not backlog.is_heard()
    seconds.now += PATIENCE_SECONDS - 1
    assert not backlog.is_heard()
    seconds.now += 1
    assert backlog.is_heard()


def types(mailbag: Mailbag) -> list[str]:
    return [body["type"] for body in mailbag.look()]


def exit_code(scheduler: SchedulerProcess) -> int | None:
    process = scheduler.child._process
    assert process is not None
    return process.wait(10)
