"""Runs a service: starts its parts, answers operators, and stops cleanly when asked to."""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Protocol

from libs.common.errors import SettingsError, TransientFailure
from libs.common.learning import learn_structs
from libs.common.operations import Check, Health, OperationsServer
from libs.common.queues import QueueWatch
from libs.common.settings import CommonSettings

log = logging.getLogger(__name__)


class Part(Protocol):
    """Something that runs in threads of its own."""

    @property
    def name(self) -> str:
        """What it is called in the log and in /health/live."""

    def start(self) -> None:
        """Begin; return at once."""

    def stop(self, timeout_seconds: float) -> None:
        """Finish what is in hand, or give it back, within the time."""

    def alive(self) -> bool:
        """False once it has ended by itself."""


class Service:
    """The parts of one process, and its health."""

    def __init__(
        self, name: str, settings: CommonSettings, *, operations_port: int, ready: Mapping[str, Check]
    ) -> None:
        self.name = name
        self._settings = settings
        self._parts: list[Part] = []
        self._started: list[Part] = []
        self._asked = SimpleQueue[int]()
        watch = QueueWatch(name, settings.broker_url, settings.queue_watch_seconds)
        self.health = Health(
            live={"parts": self._check_parts},
            ready={"start": self._check_start, "broker": watch.check, **ready},
        )
        self._helpers: list[Part] = [OperationsServer(settings.operations_host, operations_port, self.health), watch]

    def run(self, parts: Sequence[Part]) -> int:
        """Run until SIGTERM or SIGINT; the exit code: 0 when asked to stop, 1 if a part has ended by itself."""
        for number in (signal.SIGTERM, signal.SIGINT):
            # Unlike Event.set, SimpleQueue.put may interrupt the wait below at any point without a deadlock.
            signal.signal(number, lambda number, _frame: self._asked.put(number))
        started = time.monotonic()
        learn_structs()
        self._parts = [*self._helpers, *parts]
        for part in self._parts:
            part.start()
            self._started.append(part)
        log.info("the service has started", extra={"parts": [part.name for part in self._parts]})
        code = self._wait()
        self._stop_parts()
        log.info("the service has stopped", extra={"exit_code": code, "seconds": round(time.monotonic() - started, 1)})
        return code

    def _wait(self) -> int:
        while True:
            with suppress(Empty):
                self._asked.get(timeout=0.5)
                return 0
            if dead := self._dead_parts():
                log.critical("a part has ended by itself; the service stops", extra={"parts": dead})
                return 1

    def _stop_parts(self) -> None:
        deadline = time.monotonic() + self._settings.stop_timeout_seconds
        for part in reversed(self._parts):
            try:
                part.stop(max(0.5, deadline - time.monotonic()))
            except Exception:
                log.exception("a part did not stop cleanly", extra={"part": part.name})

    def _dead_parts(self) -> list[str]:
        return [part.name for part in self._started if not part.alive()]

    def _check_start(self) -> None:
        if len(self._started) < len(self._parts):
            raise RuntimeError("The service is starting.")

    def _check_parts(self) -> None:
        if dead := self._dead_parts():
            raise RuntimeError(f"These parts have ended: {', '.join(dead)}.")


def main(body: Callable[[], int]) -> None:
    """Exit with what `body` returns; a failure becomes one sentence on standard error.

    The exit code is 2 for a wrong setting, which a person has to change, and 1 for what a restart may cure.
    """
    try:
        raise SystemExit(body())
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(2) from None
    except TransientFailure as failure:
        sys.stderr.write(f"{failure}\n")
        raise SystemExit(1) from None
