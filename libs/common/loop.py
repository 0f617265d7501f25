"""A step repeated in a thread of its own, until it is told to stop."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from libs.common.errors import SettingsError, TransientFailure

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
MAX_PAUSE_SECONDS = 5.0
"""The pause after a failure grows between these; a broker that has come back is found again within seconds."""


class Loop:
    """Calls `step` every `every_seconds`; at once again while it returns True, and at once after `wake()`.

    An exception is logged and followed by a growing pause; it never ends the loop. A SettingsError does: going on
    cannot mend it, and the service has to say so and exit.
    """

    def __init__(self, name: str, step: Callable[[], bool], every_seconds: float) -> None:
        self.name = name
        self._step = step
        self._every_seconds = every_seconds
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def wake(self) -> None:
        """Do not wait for the end of the pause."""
        self._wake.set()

    def stop(self, timeout_seconds: float) -> None:
        """End after the present step, waiting for it at most `timeout_seconds`."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def alive(self) -> bool:
        """False once the thread has ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            pause = self._every_seconds
            try:
                if self._step():
                    pause = 0.0
                failures = 0
            except SettingsError as error:
                log.critical("a setting is wrong", extra={"part": self.name, "reason": str(error)})
                return
            except Exception as error:
                failures += 1
                pause = min(MAX_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 1.5 ** min(failures - 1, 20))
                self._complain(error, failures, pause)
            if pause:
                self._wake.wait(pause)
                self._wake.clear()

    def _complain(self, error: Exception, failures: int, pause: float) -> None:
        facts = {"part": self.name, "failures": failures, "pause_seconds": pause, "reason": str(error)}
        if isinstance(error, TransientFailure):
            log.warning("a step failed for now", extra=facts)
        else:
            log.exception("a step failed", extra=facts)
