"""The Pressroom of the demo: everything in one folder, new each time, and stopped at the end whatever happens."""

from __future__ import annotations

import fcntl
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from libs.common.errors import PermanentFailure
from libs.common.settings import PREFIX
from libs.local.given import is_given
from libs.local.instance import Instance

FLIGHTS = "flights.sqlite"
LOCK = "demo.lock"
PORTS = "ports.json"
KEPT = (FLIGHTS, LOCK, PORTS)
"""With the ports of last time an address that the demo once printed stays right."""

ALLOWED = ("BROKER_URL", "BROKER_URL_FILE", "QUEUE_TYPE", "LOG_LEVEL")
"""What a user may set for the demo. Anything else belongs to another Pressroom: its stores, its mail server."""

# Everything is on this machine and answers at once, so a letter whose mailer was killed need not wait long until it
# counts as unknown, nor a failed attempt for two minutes until it is repeated.
HURRIED = {
    "MAILER_LEASE_SECONDS": "5",
    "MAILER_MIN_BACKOFF_SECONDS": "1",
    "MAILER_MAX_BACKOFF_SECONDS": "10",
    "GENERATOR_MIN_BACKOFF_SECONDS": "1",
}


class House(Instance):
    """An instance with the settings of the demo."""

    def __init__(self, root: Path, environ: Mapping[str, str]) -> None:
        super().__init__(root, environ=settings_of(environ))
        self.has_own_broker = not is_given("BROKER_URL", environ)

    @property
    def flights(self) -> Path:
        """The database with the flights, which outlives a demo."""
        return self.root / FLIGHTS

    @property
    def mail(self) -> Path:
        """Where the letters are."""
        return Path(self.addresses.mail_folder)

    @property
    def files(self) -> Path:
        """Where the files from the letters are."""
        return self.root / "files"

    @property
    def token_file(self) -> Path:
        """Where the administrator's token is."""
        return Path(self.environment["PRESSROOM_ADMIN_TOKEN_FILE"])

    def clear(self) -> bool:
        """Stop what an earlier demo may have left, and remove its traces; True if something still ran."""
        ran = self.stop() != "nothing ran"
        for path in self.root.iterdir():
            if path.name not in KEPT:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
        return ran


def settings_of(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without the settings that are meant for another Pressroom, and with those of the demo."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith(PREFIX) or name.removeprefix(PREFIX) in ALLOWED
    }
    return kept | {PREFIX + name: value for name, value in HURRIED.items()}


@contextmanager
def only_demo(root: Path) -> Iterator[None]:
    """Two demos in one folder would stop each other; a PermanentFailure tells the second one."""
    root.mkdir(parents=True, exist_ok=True)
    with (root / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermanentFailure(f"Another demo runs in {root}; wait until it ends, or stop it.") from None
        yield


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Ctrl-C, SIGTERM and a closed terminal all end the demo with a KeyboardInterrupt, and only the first one counts:
    those after it find a demo that is stopping already.
    """

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        _set_all(signal.SIG_IGN)
        raise KeyboardInterrupt

    before = _set_all(interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def undisturbed() -> Iterator[None]:
    """No signal breaks off what is being done: it is the end already."""
    before = _set_all(signal.SIG_IGN)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _set_all(handler: Any) -> dict[signal.Signals, Any]:
    return {number: signal.signal(number, handler) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
