"""How far a child is, written by the child into a small file that the parent reads.

A file, because a child may be killed at any moment: a lock or a pipe that children share could then stay locked or
hold half a message. The file holds one line of fixed length, written over with one call each time: to replace the file
as a whole costs a small report a tenth of its time. A reader that comes in the middle of that looks again later.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from libs.common.errors import PermanentFailure
from libs.common.messages import Stage

_NAME = "progress.json"
_BYTES = 128
_WRITE_EVERY_SECONDS = 0.2


class OutOfTime(PermanentFailure):
    """The soft limit is over, for the whole report."""


class Progress(msgspec.Struct, frozen=True):
    """How far the work is; `rows` counts those read so far, `percent` the present stage if that is known."""

    pid: int
    stage: Stage = "query"
    rows: int = 0
    percent: int | None = None


def read_progress(folder: Path) -> Progress | None:
    """What the child last wrote; None before it has begun, or if it is just writing."""
    try:
        return msgspec.json.decode((folder / _NAME).read_bytes(), type=Progress)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


class Reporter:
    """The child's side. It also watches the soft limit: work that is past it ends at the next step."""

    def __init__(self, folder: Path, soft_limit_seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._file = os.open(folder / _NAME, os.O_WRONLY | os.O_CREAT, 0o600)
        self._clock = clock
        self._started = clock()
        self._soft_limit_seconds = soft_limit_seconds
        self._written = 0.0
        self.latest = Progress(os.getpid())
        self._write()

    def close(self) -> None:
        """Nothing more will be told."""
        os.close(self._file)

    def stage(self, stage: Stage) -> None:
        """The next stage begins."""
        before, self.latest = self.latest, Progress(self.latest.pid, stage, self.latest.rows)
        if self.latest != before:
            self._write()

    def rows(self, rows: int) -> None:
        """So many rows have been read."""
        self._say(msgspec.structs.replace(self.latest, rows=rows))

    def part(self, done: int, total: int) -> None:
        """`done` of `total` steps of this stage are done."""
        percent = min(100, 100 * done // total) if total else 100
        self._say(msgspec.structs.replace(self.latest, percent=percent))

    def _say(self, progress: Progress) -> None:
        self.latest = progress
        now = self._clock()
        if now - self._started > self._soft_limit_seconds:
            raise OutOfTime(
                f"The report took longer than {spoken_seconds(self._soft_limit_seconds)} and was stopped after "
                f"{progress.rows:,} rows; let it read less."
            )
        if now - self._written >= _WRITE_EVERY_SECONDS:
            self._write()

    def _write(self) -> None:
        self._written = self._clock()
        os.pwrite(self._file, msgspec.json.encode(self.latest).ljust(_BYTES), 0)


def spoken_seconds(seconds: float) -> str:
    """A length of time in words."""
    if seconds >= 120 and seconds % 60 == 0:
        return f"{seconds / 60:.0f} minutes"
    return "1 second" if seconds == 1 else f"{seconds:g} seconds"
