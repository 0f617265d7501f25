from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from generator_works import DONE, by_slug, eat_memory, noticed, say_pid

from libs.common.messages import Template
from libs.local.waiting import wait_until
from services.generator.children import Bounds, Children, Work
from services.generator.job import Failed, GivenBack, Job, Outcome, Produced
from services.generator.progress import Progress, read_progress
from services.generator.sources import Limits

BOUNDS = Bounds(hard_limit_seconds=60, memory_megabytes=1024, file_megabytes=100, reports_per_child=50)
PATIENCE_SECONDS = 60.0


@contextmanager
def running(count: int = 1, bounds: Bounds = BOUNDS, work: Work = by_slug) -> Iterator[Children]:
    children = Children(count, bounds, work)
    children.start()
    try:
        yield children
    finally:
        children.stop(5)


@pytest.fixture
def job(tmp_path: Path) -> Callable[[str], Job]:
    def make(slug: str) -> Job:
        folder = tmp_path / str(uuid4())
        folder.mkdir()
        return Job(
            report_id=uuid4(),
            attempt=1,
            template=Template(template_id=uuid4(), slug=slug, title="T", queries=()),
            parameters=(),
            formats=(),
            source_name="shop",
            source_url="",
            limits=Limits(1, 1),
            made_at=datetime(2026, 11, 23, tzinfo=UTC),
            day=date(2026, 11, 23),
            folder=folder,
            artifacts_url="",
            soft_limit_seconds=60,
        )

    return make


def run(children: Children, job: Job) -> Outcome:
    return children.run(job, lambda progress: None, lambda: "")


def begun(job: Job) -> int:
    """Waits until a child is at work on `job`, and tells which."""
    wait_until(lambda: read_progress(job.folder) is not None, PATIENCE_SECONDS, lambda: "the job never began")
    progress = read_progress(job.folder)
    assert progress is not None
    return progress.pid


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("slug", ["sleep", "hang"])
def test_a_job_that_never_ends_is_ended_and_others_go_on(slug: str, job: Callable[[str], Job]) -> None:
    with running(2, replace(BOUNDS, hard_limit_seconds=2)) as children:
        endless, outcomes = job(slug), []
        thread = threading.Thread(target=lambda: outcomes.append(run(children, endless)))
        thread.start()
        pid = begun(endless)
        assert run(children, job("quick")) == DONE
        thread.join(PATIENCE_SECONDS)
        stage = "render" if slug == "sleep" else "query"
        reason = "The report did not end within 2 seconds and was killed; let it read less."
        assert outcomes == [Failed(stage=stage, error_class="permanent", reason=reason)]
        assert not is_there(pid)
        assert run(children, job("quick")) == DONE


@pytest.mark.parametrize(
    ("slug", "error_class", "words"),
    [
        ("crash", "unknown", "crashed (SIGSEGV)"),
        ("kill", "transient", "was killed, most likely because memory ran out"),
    ],
)
def test_a_child_that_dies_fails_its_report_alone(
    slug: str, error_class: str, words: str, job: Callable[[str], Job]
) -> None:
    with running() as children:
        deadly = job(slug)
        outcome = children.run(deadly, lambda progress: noticed(deadly).touch(), lambda: "")
        assert isinstance(outcome, Failed)
        assert (outcome.error_class, outcome.stage) == (error_class, "query")
        assert words in outcome.reason
        assert run(children, job("quick")) == DONE


def test_a_child_that_dies_before_it_is_known_does_not_leave_its_report_waiting(job: Callable[[str], Job]) -> None:
    """Another one is at work, so the pool has somebody whom it knows and goes on."""
    lost = threading.Event()
    with running(2) as children:
        endless = job("sleep")
        other = threading.Thread(
            target=lambda: children.run(endless, lambda progress: None, lambda: "it is lost" if lost.is_set() else "")
        )
        other.start()
        begun(endless)
        outcomes = [run(children, job("at once")) for _ in range(20)]
        lost.set()
        other.join(PATIENCE_SECONDS)
    assert {outcome.error_class for outcome in outcomes if isinstance(outcome, Failed)} == {"transient"}


def test_a_job_that_eats_memory_is_ended(job: Callable[[str], Job]) -> None:
    with running(bounds=replace(BOUNDS, memory_megabytes=200), work=eat_memory) as children:
        outcome = run(children, job("eat"))
    assert outcome == Failed(
        stage="query",
        error_class="permanent",
        reason="The report needed more than the 200 MB of memory that a report may have; let it read less.",
    )


def test_a_job_for_a_report_that_is_lost_is_broken_off(job: Callable[[str], Job]) -> None:
    lost = threading.Event()
    with running() as children:
        endless = job("hang")
        threading.Thread(target=lambda: (begun(endless), lost.set())).start()
        outcome = children.run(endless, lambda progress: None, lambda: "it is lost" if lost.is_set() else "")
    assert outcome == GivenBack(reason="it is lost")


def test_a_service_that_stops_gives_its_jobs_back(job: Callable[[str], Job]) -> None:
    with running() as children:
        endless = job("sleep")
        threading.Thread(target=lambda: (begun(endless), children.give_back())).start()
        assert run(children, endless) == GivenBack(reason="the service is stopping")


def test_progress_comes_back_while_the_work_goes_on(job: Callable[[str], Job]) -> None:
    heard: list[Progress] = []
    lost = threading.Event()

    def hear(progress: Progress) -> None:
        heard.append(progress)
        lost.set()

    with running() as children:
        children.run(job("sleep"), hear, lambda: "it is lost" if lost.is_set() else "")
    assert heard[0].stage == "render"


def test_a_child_does_not_go_on_when_nobody_listens_any_more(job: Callable[[str], Job]) -> None:
    def fail(progress: Progress) -> None:
        raise ZeroDivisionError

    with running() as children:
        endless = job("hang")
        with pytest.raises(ZeroDivisionError):
            children.run(endless, fail, lambda: "")
        pid = begun(endless)
        wait_until(lambda: not is_there(pid), PATIENCE_SECONDS, lambda: "the child lives on")


def test_an_idle_child_that_is_killed_is_replaced(job: Callable[[str], Job]) -> None:
    with running(work=say_pid) as children:
        first = run(children, job("any"))
        assert isinstance(first, Produced)
        os.kill(first.rows, signal.SIGKILL)
        wait_until(lambda: not is_there(first.rows), PATIENCE_SECONDS, lambda: "the child lives on")
        second = run(children, job("any"))
        assert isinstance(second, Produced)
        assert second.rows != first.rows


def test_a_child_is_used_again_and_then_replaced(job: Callable[[str], Job]) -> None:
    with running(bounds=replace(BOUNDS, reports_per_child=3), work=say_pid) as children:
        pids = [outcome.rows for _ in range(6) if isinstance(outcome := run(children, job("any")), Produced)]
    assert len(pids) == 6
    assert (len(set(pids[:3])), len(set(pids[3:])), len(set(pids))) == (1, 1, 2)


def test_a_pool_whose_lock_died_with_a_child_is_replaced(job: Callable[[str], Job]) -> None:
    children = Children(1, BOUNDS, say_pid, begin_seconds=3)
    children.start()
    try:
        first = run(children, job("any"))
        assert isinstance(first, Produced)
        # What a child leaves behind that is killed in the very moment in which it has told its result.
        lock = children._pool._pool_manager.worker_manager.workers_channel.mutex.writer_mutex
        assert lock.acquire(timeout=PATIENCE_SECONDS)
        os.kill(first.rows, signal.SIGKILL)
        second = run(children, job("any"))
        assert isinstance(second, Produced)
        assert second.rows != first.rows
    finally:
        children.stop(5)
