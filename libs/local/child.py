"""A program run as a child of this very process; it ends with it. For tests: a lasting instance has a supervisor."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from libs.common.errors import TransientFailure
from libs.local.program import Program
from libs.local.waiting import wait_until

TAIL_BYTES = 4000


class Child:
    """Runs `program` with its output in `log`; `user` (only if we are root) is the account it runs under."""

    def __init__(self, program: Program, log: Path, user: str | None = None) -> None:
        self.program = program
        self.log = log
        self._user = user
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id; the program must have been started."""
        assert self._process is not None, f"{self.program.name} was never started"
        return self._process.pid

    def running(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the program; whether it is of use yet is for `wait_until` to say."""
        assert not self.running(), f"{self.program.name} runs already"
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [*_ends_with_us(), *self.program.command],
                cwd=self.program.directory,
                env={**(os.environ if self.program.inherits else {}), **self.program.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
            )

    def wait_until(self, condition: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait for `condition`; a TransientFailure with the log if it stays false or the program ends."""
        wait_until(lambda: condition() or not self.running(), timeout_seconds, self._unready)
        if not self.running():
            raise TransientFailure(self._unready())

    def stop(self, signal_number: int = signal.SIGTERM) -> None:
        """End the program politely, and by force once its time is up."""
        if self._process is None:
            return
        if self.running():
            self._process.send_signal(signal_number)
        try:
            self._process.wait(self.program.stop_seconds)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End the program and all that it has started, at once."""
        if self._process is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _unready(self) -> str:
        state = "is not ready" if self.running() else "ended by itself"
        return f"{self.program.name} {state}; the end of {self.log}:\n{tail(self.log)}"


def tail(log: Path, size_bytes: int = TAIL_BYTES) -> str:
    """The last lines of a log file, whole ones, or an empty text if there is none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        start = max(0, log.stat().st_size - size_bytes)
        file.seek(start)
        text = file.read().decode("utf-8", "replace")
    return text.partition("\n")[2] or text if start else text


def _ends_with_us() -> Sequence[str]:
    # A test run that is killed cannot clean up after itself; the kernel can (Linux, util-linux).
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", "--"] if setpriv else []
