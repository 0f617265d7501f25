"""Runs jobs in child processes that can be killed: a report that hangs, crashes or eats memory ends alone."""

from __future__ import annotations

import logging
import multiprocessing
import os
import resource
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from multiprocessing import forkserver

import pebble
import pyarrow as pa
from pebble import ProcessExpired, ProcessFuture, ProcessPool

from libs.common.handling import Limits, least
from services.generator.burst.assignment import Listed
from services.generator.file_sizes import bound_files
from services.generator.job import Failed, GivenBack, Job, Outcome, Produced, Skipped
from services.generator.memory import resident_bytes
from services.generator.mortal import die_with_parent
from services.generator.produce import produce
from services.generator.progress import Progress, read_progress, spoken_seconds
from services.generator.sources import end_session

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.1
_LOOKS_PER_PROGRESS = 5
_LOOKS_UNTIL_LOST = 20
_MEGABYTE = 1 << 20
_STARTS = 3
_LOST_EXIT = 255
"""What multiprocessing tells when the process that children are forked from is gone, and they with it."""

BEGIN_SECONDS = 30.0
"""A job that no child has begun after so long has a pool that is stuck: a child was killed while it held the lock of
the pipe that all of them share. There are as many children as lanes, so nobody waits for another job to end."""

_LOST = "The child process that made the report was lost."

Made = Produced | Skipped | Listed | Failed
Work = Callable[[Job], Made]

pebble.CONSTS.term_timeout = 1.0
"""Seconds between SIGTERM and SIGKILL where pebble ends a child; ours end at the first (see _prepare)."""


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What one report may use. A child is replaced by a fresh one after `reports_per_child` reports."""

    hard_limit_seconds: float
    memory_megabytes: int
    file_megabytes: int
    reports_per_child: int

    def within(self, limits: Limits) -> Bounds:
        """These bounds, tightened by those of a template."""
        return replace(
            self,
            hard_limit_seconds=least(self.hard_limit_seconds, limits.hard_seconds),
            memory_megabytes=least(self.memory_megabytes, limits.memory_megabytes),
        )


class Children:
    """A part of the service: as many children as there are lanes."""

    name = "children"

    def __init__(
        self, count: int, bounds: Bounds, work: Work = produce, *, begin_seconds: float = BEGIN_SECONDS
    ) -> None:
        self._begin_seconds = begin_seconds
        self._count = count
        self._bounds = bounds
        self._work = work
        self._pool: ProcessPool | None = None
        self._guard = threading.Lock()
        self._stopping = threading.Event()

    def start(self) -> None:
        """Start the children. Call it from the main thread: they live no longer than the thread that called."""
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["services.generator.nursery"])
        forkserver.ensure_running()
        self._new_pool()

    def stop(self, timeout_seconds: float) -> None:  # noqa: ARG002 - a part of a service has one; this is immediate
        """End all children now."""
        self._stopping.set()
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            _close(pool)

    def alive(self) -> bool:
        """A pool that broke is replaced when the next report needs it."""
        return True

    def give_back(self) -> None:
        """Break off what is running; each `run` returns GivenBack."""
        self._stopping.set()

    def run(self, job: Job, heard: Callable[[Progress], None], ended: Callable[[], str]) -> Outcome:
        """Do `job` in a child and wait for it.

        `heard` is told how far it is about twice a second; when `ended` says why the work is to be broken off, the
        child is killed: the report belongs to somebody else by now, or nobody wants it.
        """
        for _ in range(_STARTS):
            bounds = self._bounds.within(job.template.limits)
            pool, future = self._schedule(job, bounds)
            if future is None:
                continue
            watch = _Watch(job, future, bounds)
            try:
                self._wait(future, watch, heard, ended)
            except _Stuck:
                log.error("the children are stuck and are started anew")
                self._break_pool(pool)
                continue
            except BaseException:  # whoever listens has failed: the child must not go on without us
                watch.end("nobody waits for the report any more")
                raise
            watch.clear_up()
            if watch.is_lost:
                return watch.failed("transient", _LOST)
            try:
                return self._outcome(future, watch)
            except BrokenProcessPool:  # an idle child was killed just as it was to begin
                if watch.has_begun():
                    return watch.failed("transient", _LOST)
        if self._stopping.is_set():
            return GivenBack(reason="the service is stopping")
        return Failed(stage="query", error_class="transient", reason="The generator could not start a child process.")

    def _wait(
        self,
        future: ProcessFuture[Made],
        watch: _Watch,
        heard: Callable[[Progress], None],
        ended: Callable[[], str],
    ) -> None:
        looks, begin_until = 0, time.monotonic() + self._begin_seconds
        while not wait([future], timeout=LOOK_EVERY_SECONDS).done:
            looks += 1
            progress = watch.look()
            if self._stopping.is_set():
                watch.end("the service is stopping")
            elif why := ended():
                watch.end(why)
            elif watch.is_lost:
                future.cancel()
            elif progress is None and time.monotonic() > begin_until:
                raise _Stuck
            elif progress is not None and looks % _LOOKS_PER_PROGRESS == 0:
                heard(progress)

    def _schedule(self, job: Job, bounds: Bounds) -> tuple[ProcessPool | None, ProcessFuture[Made] | None]:
        """The pool, with the job in its hands, or None if the pool is broken; then there is a new one now."""
        with self._guard:
            pool = self._pool
        try:
            if pool is not None:
                return pool, pool.schedule(self._work, (job,), timeout=bounds.hard_limit_seconds)
        except RuntimeError:
            log.warning("the children are started anew")
        if not self._stopping.is_set():
            self._new_pool()
        return pool, None

    def _break_pool(self, stuck: ProcessPool | None) -> None:
        """End a pool of which nothing can be expected any more; what was at work in it is given back."""
        with self._guard:
            if self._pool is not stuck:
                return  # another lane was faster
            self._pool = None
        if stuck is not None:
            _close(stuck)

    def _new_pool(self) -> None:
        with self._guard:
            if self._pool is not None and self._pool.active:
                return
            if self._pool is not None:
                _close(self._pool)
            self._pool = ProcessPool(
                max_workers=self._count,
                max_tasks=self._bounds.reports_per_child,
                initializer=_prepare,
                initargs=(self._bounds,),
                context=multiprocessing.get_context("forkserver"),
            )
            if not self._pool.active:  # asking starts the children, so that the first report need not wait for them
                log.error("the children could not be started")

    def _outcome(self, future: ProcessFuture[Made], watch: _Watch) -> Outcome:
        try:
            return future.result()
        except TimeoutError:
            limit = spoken_seconds(watch.bounds.hard_limit_seconds)
            return watch.failed("permanent", f"The report did not end within {limit} and was killed; let it read less.")
        except BrokenProcessPool:
            raise
        except CancelledError:
            return GivenBack(reason=watch.given_back or "the work was broken off")
        except ProcessExpired as death:
            return self._of_death(death, watch)
        except Exception as error:
            log.exception("a child failed in a way of its own")
            return watch.failed("unknown", f"The child process failed: {type(error).__name__}.")

    def _of_death(self, death: ProcessExpired, watch: _Watch) -> Outcome:
        number = -(death.exitcode or 0)
        if watch.given_back:
            return GivenBack(reason=watch.given_back)
        if watch.is_too_large:
            limit = watch.bounds.memory_megabytes
            reason = f"The report needed more than the {limit:,} MB of memory that a report may have; let it read less."
            return watch.failed("permanent", reason)
        if self._stopping.is_set() or number == signal.SIGTERM:
            return GivenBack(reason="the child process was told to end")
        if number in (signal.SIGKILL, -_LOST_EXIT):
            reason = "The child process that made the report was killed, most likely because memory ran out."
            return watch.failed("transient", reason)
        return watch.failed("unknown", f"The child process that made the report crashed ({_spoken_exit(number)}).")


class _Stuck(Exception):
    """No child begins the job."""


class _Watch:
    """Looks at one running job from outside."""

    def __init__(self, job: Job, future: ProcessFuture[Made], bounds: Bounds) -> None:
        self.bounds = bounds
        self.given_back = ""
        self.is_too_large = False
        self.is_lost = False
        self._looks_without_child = 0
        self._job = job
        self._future = future
        self._limit = bounds.memory_megabytes * _MEGABYTE
        self._progress: Progress | None = None

    def look(self) -> Progress | None:
        """How far the job is; a child that has grown too large is killed."""
        self._progress = read_progress(self._job.folder) or self._progress
        if self._progress is not None and (resident_bytes(self._progress.pid) or 0) > self._limit:
            self.is_too_large = True
            self._kill()
        # The pool forgets a child that dies before it has heard who is at work on what: nobody would ever tell us.
        is_there = self._progress is None or _is_there(self._progress.pid)
        self._looks_without_child = 0 if is_there else self._looks_without_child + 1
        self.is_lost = self._looks_without_child >= _LOOKS_UNTIL_LOST
        return self._progress

    def has_begun(self) -> bool:
        """Whether a child has been at work on the job."""
        self._progress = read_progress(self._job.folder) or self._progress
        return self._progress is not None

    def end(self, why: str) -> None:
        """Break the job off."""
        self.given_back = why
        if self._progress is None:
            self._future.cancel()  # no child has begun it yet
        else:
            self._kill()

    def clear_up(self) -> None:
        """End what a lost child has left running in the database."""
        if self._future.cancelled() or self._future.exception() is not None:
            end_session(self._job.folder, self._job.source_url)

    def failed(self, error_class: str, reason: str) -> Failed:
        """A failure in the stage that the child last told of."""
        stage = self._progress.stage if self.has_begun() and self._progress is not None else "query"
        return Failed(stage=stage, error_class=error_class, reason=reason)  # type: ignore[arg-type]

    def _kill(self) -> None:
        """Kill the child at once, unless it has just ended: then it may already be at work on another job."""
        if self._progress is not None and not self._future.done():
            with suppress(ProcessLookupError):
                os.kill(self._progress.pid, signal.SIGKILL)


def _close(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()


def _prepare(bounds: Bounds) -> None:
    """The first thing that a child does."""
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # at once, even inside a library that does not listen
    pa.enable_signal_handlers(False)  # Arrow's would start a thread for each thing that it reads
    bound_files(bounds.file_megabytes)
    # The parent watches the memory in use. This is for a child that is faster than the watch: address space that
    # is only reserved counts too, hence the distance.
    space = 4 * bounds.memory_megabytes * _MEGABYTE + (8 << 30)
    resource.setrlimit(resource.RLIMIT_AS, (space, space))


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _spoken_exit(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"exit code {-number}"
