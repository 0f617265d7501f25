"""Folders for unfinished files: private, and gone when their attempt is over, whoever died."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from libs.common.errors import SettingsError, TransientFailure

_PREFIX = "pressroom-generator-"
_LOCK = "lock"


class Scratch:
    """A folder of this process under `parent` (empty: the system's folder for temporary files).

    A process that is killed leaves its folder behind; the next one to start under the same parent removes it. It
    knows a dead owner by the lock that the system takes back when a process ends.
    """

    def __init__(self, parent: str) -> None:
        try:
            root = Path(parent or tempfile.gettempdir())
            root.mkdir(parents=True, exist_ok=True)
            _sweep(root)
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        except OSError as error:
            raise SettingsError(
                f"PRESSROOM_GENERATOR_SCRATCH_FOLDER names no folder that can be used: {error.strerror}."
            ) from error
        # The lock gets its name once it is held: a process that starts just now must not find it free.
        new = self.folder / f"{_LOCK}.new"
        self._lock = new.open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        new.rename(self.folder / _LOCK)

    @contextmanager
    def room(self, name: str) -> Iterator[Path]:
        """A new empty folder, removed at the end with all that is in it; TransientFailure if there is no room."""
        try:
            folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder))
        except OSError as error:
            raise TransientFailure(f"The generator has no room for unfinished files: {error.strerror}.") from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def close(self) -> None:
        """Remove everything."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self._lock.close()


def _sweep(root: Path) -> None:
    for folder in root.glob(f"{_PREFIX}*"):
        with suppress(OSError), (folder / _LOCK).open("r") as lock:
            if _is_free(lock):
                shutil.rmtree(folder, ignore_errors=True)


def _is_free(lock: IO[str]) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
