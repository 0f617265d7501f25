"""An open connection that waits a little for the next report on the same source: to connect costs as much as to read a
small answer, on both sides."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Kept(Generic[C]):
    """Keeps one connection for `seconds`; then, or when another one is kept, `close` is called with it."""

    def __init__(self, close: Callable[[C], None], seconds: float) -> None:
        self._close = close
        self._seconds = seconds
        self._guard = threading.Lock()
        self._key = ""
        self._connection: C | None = None
        self._timer: threading.Timer | None = None

    def keep(self, key: str, connection: C) -> None:
        """Keep `connection` for whoever asks for `key`, which names the source with its password."""
        timer = threading.Timer(self._seconds, self._drop, (connection,))
        timer.daemon = True
        with self._guard:
            before = self._connection
            self._key, self._connection, self._timer = key, connection, timer
        timer.start()
        if before is not None:
            self._close(before)

    def take(self, key: str) -> C | None:
        """The connection that was kept under `key`, if there is one; it belongs to the caller then."""
        with self._guard:
            if self._connection is None or self._key != key:
                return None
            connection, self._connection = self._connection, None
            if self._timer is not None:
                self._timer.cancel()
        return connection

    def _drop(self, connection: C) -> None:
        with self._guard:
            if self._connection is not connection:
                return
            self._connection = None
        self._close(connection)
