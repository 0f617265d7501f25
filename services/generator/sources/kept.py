"""An open connection that waits a little for the next report on the same source: to connect costs as much as to read a
small answer, on both sides."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

C = TypeVar("C")


class Kept(Generic[C]):
    """Keeps one connection for `seconds`; then, or when another one is kept, `close` is called with it.

    One thread looks after it as long as connections come: a timer for each of them would be a thread for each.
    """

    def __init__(self, close: Callable[[C], None], seconds: float) -> None:
        self._close = close
        self._seconds = seconds
        self._guard = threading.Lock()
        self._key = ""
        self._connection: C | None = None
        self._until = 0.0
        self._is_watched = False

    def keep(self, key: str, connection: C) -> None:
        """Keep `connection` for whoever asks for `key`, which names the source with its password."""
        with self._guard:
            before = self._connection
            self._key, self._connection, self._until = key, connection, time.monotonic() + self._seconds
            is_watched, self._is_watched = self._is_watched, True
        if not is_watched:
            threading.Thread(target=self._watch, name="kept connection", daemon=True).start()
        if before is not None:
            self._close(before)

    def take(self, key: str) -> C | None:
        """The connection that was kept under `key`, if there is one; it belongs to the caller then."""
        with self._guard:
            if self._connection is None or self._key != key:
                return None
            connection, self._connection = self._connection, None
        return connection

    def _watch(self) -> None:
        while (pause := self._left()) > 0:
            time.sleep(pause)

    def _left(self) -> float:
        """Seconds until the connection is to be closed; where they are over it is closed, and nobody watches it."""
        with self._guard:
            left = self._until - time.monotonic()
            if left > 0:
                return left
            connection, self._connection = self._connection, None
            self._is_watched = False
        if connection is not None:
            self._close(connection)
        return 0.0
