"""Waits for what a generator or a mailer answers to a question of a person."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

LOOK_EVERY_SECONDS = 0.05
MOST_AT_ONCE = 6
"""More requests than that do not wait: they would keep others from being answered at all."""

_SEATS = threading.BoundedSemaphore(MOST_AT_ONCE)

FOR_REPORTS = threading.BoundedSemaphore(4)
"""Whoever waits for a whole report, for a minute, has seats of their own: short questions are answered meanwhile."""

A = TypeVar("A")


def wait_for(look: Callable[[], A | None], seconds: float, seats: threading.BoundedSemaphore = _SEATS) -> A | None:
    """What `look` finds within the time; None if it does not, or if too many wait already."""
    until = time.monotonic() + seconds
    with _seat(seats) as is_free:
        while is_free:
            found = look()
            if found is not None or time.monotonic() >= until:
                return found
            time.sleep(LOOK_EVERY_SECONDS)
    return look()


@contextmanager
def _seat(seats: threading.BoundedSemaphore) -> Iterator[bool]:
    is_free = seats.acquire(blocking=False)
    try:
        yield is_free
    finally:
        if is_free:
            seats.release()
