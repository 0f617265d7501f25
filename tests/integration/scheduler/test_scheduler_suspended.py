"""Two schedulers on one timetable that are stopped, woken up and killed at random: each moment once."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from scheduler_process import Mailbag, SchedulerProcess, once, publish, saved, wait_for
from sqlalchemy import func, select

from libs.common.clock import utc_now
from libs.common.messages import GenerateReport
from libs.common.outbox import outbox
from libs.common.store import Store
from services.scheduler.tables import timetable

MOMENTS_PER_SECOND = 30


@pytest.fixture
def schedulers(tmp_path: Path, broker_url: str, postgres_url: str) -> Iterator[list[SchedulerProcess]]:
    running = [SchedulerProcess(tmp_path, broker_url, postgres_url, f"scheduler-{number}") for number in (1, 2)]
    for one in running:
        one.start()
    yield running
    for one in running:
        with suppress(ProcessLookupError):
            os.kill(one.child.pid, signal.SIGCONT)
        one.child.kill()


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.long)])
def test_schedulers_that_sleep_and_wake_up_at_any_moment_serve_each_moment_once(
    schedulers: list[SchedulerProcess], broker_url: str, postgres_url: str, seconds: int
) -> None:
    chance, moments = random.Random(4), seconds * MOMENTS_PER_SECOND
    begin = utc_now() + timedelta(seconds=5)
    events = [saved(once(begin + timedelta(seconds=number / MOMENTS_PER_SECOND))) for number in range(moments)]
    publish(broker_url, *events)
    store = Store(postgres_url)
    wait_for(lambda: stored(store) == moments, "all schedules are in the timetable")

    ends = time.monotonic() + seconds + 5
    stops = 0
    while time.monotonic() < ends:
        one = chance.choice(schedulers)
        os.kill(one.child.pid, signal.SIGSTOP)
        stops += 1
        time.sleep(chance.uniform(0.05, 0.6))
        os.kill(one.child.pid, signal.SIGCONT)
        time.sleep(chance.uniform(0, 0.2))
    reports = Mailbag(broker_url, "reports.normal")
    wait_for(lambda: len({command.schedule_id for command in taken(reports)}) == moments, "every order arrives")

    assert stops > 10
    assert Counter(command.schedule_id for command in reports.commands()) == Counter(
        event.schedule_id for event in events
    )
    with store.read() as session:
        ordered = select(func.count()).select_from(outbox).where(outbox.c.wire_name == GenerateReport.wire_name())
        assert session.execute(ordered).scalar_one() == moments
    store.dispose()
    claimed = [started_by(one) for one in schedulers]
    assert min(claimed) > 0, "only one of them has worked, so the test has shown nothing"


def stored(store: Store) -> int:
    with store.read() as session:
        return session.execute(select(func.count()).select_from(timetable)).scalar_one()


def taken(reports: Mailbag) -> list[GenerateReport]:
    reports.look()
    return reports.commands()


def started_by(scheduler: SchedulerProcess) -> int:
    return sum(
        line.get("count", 1)
        for line in scheduler.lines()
        if line["message"] in ("an occurrence has started", "occurrences have started")
    )
