"""Waiting for a condition instead of sleeping a guess."""

from __future__ import annotations

import time
from collections.abc import Callable

from libs.common.errors import TransientFailure


def wait_until(
    condition: Callable[[], bool], timeout_seconds: float, sentence: Callable[[], str], every_seconds: float = 0.05
) -> None:
    """Return once `condition` is true; after `timeout_seconds` a TransientFailure says what `sentence` gives."""
    deadline = time.monotonic() + timeout_seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TransientFailure(sentence())
        time.sleep(every_seconds)
