"""The events that were waiting for the scheduler when it started."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from amqp.exceptions import NotFound
from kombu.connection import Connection

from libs.common.connection import kombu_connection
from libs.common.publisher import BROKER_ERRORS
from libs.common.topology import events_queue

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 60.0
"""After so long we go on in any case: no report at all is worse than one for a schedule that was changed meanwhile."""

SETTLE_SECONDS = 1.0
"""An empty queue may have handed its last events to the listener a moment ago; it needs no longer for them."""


class Backlog:
    """Knows whether they are heard by now: we must not serve a schedule that was paused or deleted while we were down.

    For one thread; `monotonic` gives seconds that only go forward.
    """

    def __init__(self, broker_url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._broker_url = broker_url
        self._monotonic = monotonic
        self._started = monotonic()
        self._empty_since: float | None = None
        self._heard = False
        self._connection: Connection | None = None

    def is_heard(self) -> bool:
        """True once the queue of our events was empty for a second, or our patience has ended; then for ever."""
        if not self._heard and self._look():
            self._heard = True
            self._close()
            log.info("the events that were waiting are heard")
        return self._heard

    def _look(self) -> bool:
        now = self._monotonic()
        if self._waiting():
            self._empty_since = None
        elif self._empty_since is None:
            self._empty_since = now
        settled = self._empty_since is not None and now - self._empty_since >= SETTLE_SECONDS
        return settled or now - self._started >= PATIENCE_SECONDS

    def _waiting(self) -> bool:
        """True if events wait in the queue, or if nobody can say because the broker is away."""
        try:
            if self._connection is None:
                self._connection = kombu_connection(self._broker_url)
                self._connection.connect()
            found = self._connection.default_channel.queue_declare(events_queue("scheduler"), passive=True)
        except NotFound:
            return False  # the first start of all: the listener is about to declare it
        except BROKER_ERRORS as error:
            log.warning("the broker is away", extra={"reason": str(error)})
            self._close()
            return True
        return bool(found.message_count)

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.collect(socket_timeout=1)
