"""Jobs that go wrong in the ways a library can: they run in children, which import this module by its name."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

from services.generator.job import Job, Produced
from services.generator.progress import Reporter

DONE = Produced(artifacts=(), rows=0, notes=(), query_seconds=0, render_seconds=0, store_seconds=0)


def begin(job: Job) -> Reporter:
    """What every job does first: it says who does it."""
    return Reporter(job.folder, job.soft_limit_seconds)


def sleep_for_ever(job: Job) -> Produced:
    begin(job).stage("render")
    while True:
        time.sleep(3600)


def hang_in_c_code(job: Job) -> Produced:
    """A regular expression that would need longer than the universe has; it listens to nothing meanwhile."""
    begin(job)
    re.match(r"(a+)+$", "a" * 60 + "b")
    return DONE


def eat_memory(job: Job) -> Produced:
    begin(job)
    eaten = []
    while True:
        eaten.append(b"x" * (4 << 20))
        time.sleep(0.005)


def wait_until_noticed(job: Job) -> None:
    """Waits until the parent has told of the progress: a pool that has not yet heard who is at work on what may only
    say that somebody died (see `Children.run`)."""
    begin(job)
    while not noticed(job).exists():
        time.sleep(0.01)


def noticed(job: Job) -> Path:
    """The file by which a test says that it knows of the work."""
    return job.folder / "noticed"


def crash(job: Job) -> Produced:
    wait_until_noticed(job)
    os.kill(os.getpid(), signal.SIGSEGV)
    return DONE


def be_killed(job: Job) -> Produced:
    wait_until_noticed(job)
    os.kill(os.getpid(), signal.SIGKILL)
    return DONE


def die_at_once(job: Job) -> Produced:
    """Dies before its parent can have heard that it has begun."""
    begin(job)
    os.kill(os.getpid(), signal.SIGKILL)
    return DONE


def fill_a_file(job: Job) -> Produced:
    """Writes until the system refuses; the real `produce` turns that into words."""
    begin(job)
    with (job.folder / "large").open("wb") as file:
        while True:
            file.write(b"x" * (1 << 20))


def by_slug(job: Job) -> Produced:
    """Does what the job's slug says, so that one pool can do good and bad ones together."""
    work = {"sleep": sleep_for_ever, "hang": hang_in_c_code, "eat": eat_memory, "crash": crash, "kill": be_killed}
    work["at once"] = die_at_once
    return work[job.template.slug](job) if job.template.slug in work else quick(job)


def quick(job: Job) -> Produced:
    reporter = begin(job)
    reporter.stage("store")
    return DONE


def say_pid(job: Job) -> Produced:
    begin(job)
    return Produced(artifacts=(), rows=os.getpid(), notes=(), query_seconds=0, render_seconds=0, store_seconds=0)
