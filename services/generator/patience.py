"""How long a stopping generator waits for the reports in hand."""

from __future__ import annotations

import threading

from services.generator.children import Children

RESERVE_SECONDS = 5.0


class Patience:
    """The last part to start and so the first to stop: it gives the reports in hand most of the time that there is.

    What is not finished by then is broken off and goes back to its queue, while the parts that this takes still run.
    """

    name = "patience"

    def __init__(self, children: Children) -> None:
        self._children = children
        self._timer: threading.Timer | None = None

    def start(self) -> None:
        """There is nothing to do before the end."""

    def stop(self, timeout_seconds: float) -> None:
        """Begin to count down; returns at once."""
        grace = timeout_seconds - min(RESERVE_SECONDS, timeout_seconds / 3)
        self._timer = threading.Timer(grace, self._children.give_back)
        self._timer.daemon = True
        self._timer.start()

    def alive(self) -> bool:
        """Patience does not run out before its time."""
        return True
