"""Questions about sources are asked by child processes: a driver that hangs or crashes does no harm to the reports.

The children are made when the first question comes, and are not those of the reports, so that a person who waits for
an answer never waits for a report.
"""

from __future__ import annotations

import logging
import multiprocessing
import resource
import signal
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from pebble import ProcessExpired, ProcessPool

from libs.common.errors import TransientFailure
from services.generator.mortal import die_with_parent

log = logging.getLogger(__name__)

_QUESTIONS_PER_CHILD = 50
_MEGABYTE = 1 << 20

Q = TypeVar("Q")
A = TypeVar("A")


class Inquiry(Protocol):
    """Whoever asks."""

    def ask(self, work: Callable[[Q], A], question: Q, limit_seconds: float) -> A:
        """What `work` makes of `question`; a TransientFailure in words if there is no answer within the limit."""


class Directly:
    """Asks in this process."""

    def ask(self, work: Callable[[Q], A], question: Q, limit_seconds: float) -> A:  # noqa: ARG002 - nothing ends it
        """The answer."""
        return work(question)


DIRECTLY = Directly()


class Questions:
    """A part of the service: at most `count` questions at a time, each in a child that can be killed."""

    name = "questions"

    def __init__(self, count: int, memory_megabytes: int) -> None:
        self._count = max(1, count)
        self._memory_megabytes = memory_megabytes
        self._pool: ProcessPool | None = None
        self._guard = threading.Lock()

    def start(self) -> None:
        """Nothing yet: a generator may never be asked."""

    def stop(self, timeout_seconds: float) -> None:  # noqa: ARG002 - a part of a service has one; this is immediate
        """End the children."""
        with self._guard:
            pool, self._pool = self._pool, None
        if pool is not None:
            _close(pool)

    def alive(self) -> bool:
        """Children that broke are replaced when they are needed."""
        return True

    def ask(self, work: Callable[[Q], A], question: Q, limit_seconds: float) -> A:
        """The answer of a child."""
        future = self._ready().schedule(work, (question,), timeout=limit_seconds)
        try:
            answer: A = future.result()
        except TimeoutError:
            raise TransientFailure(f"There was no answer within {limit_seconds:g} seconds.") from None
        except ProcessExpired as death:
            log.warning("a child died of a question", extra={"exit_code": death.exitcode})
            raise TransientFailure(f"The process that asked ended unexpectedly ({death.exitcode}).") from None
        return answer

    def _ready(self) -> ProcessPool:
        with self._guard:
            if self._pool is not None and not self._pool.active:
                _close(self._pool)
                self._pool = None
            if self._pool is None:
                self._pool = ProcessPool(
                    max_workers=self._count,
                    max_tasks=_QUESTIONS_PER_CHILD,
                    initializer=_prepare,
                    initargs=(self._memory_megabytes,),
                    context=multiprocessing.get_context("forkserver"),
                )
            return self._pool


def _close(pool: ProcessPool) -> None:
    pool.stop()
    pool.join()


def _prepare(memory_megabytes: int) -> None:
    die_with_parent()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    space = 4 * memory_megabytes * _MEGABYTE + (8 << 30)  # as for the children that make reports
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
