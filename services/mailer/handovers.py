"""Tells the other mailers that this one still waits for the answers to the letters it has handed over."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from libs.common.clock import Clock
from libs.common.loop import Loop
from services.mailer.ledger import Ledger


class Handovers(Loop):
    """One thread that renews the leases of all attempts under way, three times within a `lease`.

    A mailer that dies renews nothing: after one lease the others know that nobody waits for the answer any more.
    """

    def __init__(self, ledger: Ledger, lease: timedelta, clock: Clock) -> None:
        super().__init__("handovers", self.renew, lease.total_seconds() / 3)
        self.lease = lease
        self._ledger = ledger
        self._clock = clock
        self._held: set[tuple[UUID, int]] = set()
        self._guard = threading.Lock()

    @contextmanager
    def held(self, delivery_id: UUID, attempt: int) -> Iterator[None]:
        """Renew the lease of this attempt until the end of the block, once it is `sending`."""
        with self._guard:
            self._held.add((delivery_id, attempt))
        try:
            yield
        finally:
            with self._guard:
                self._held.discard((delivery_id, attempt))

    def renew(self) -> bool:
        """Renew all leases once, in one write."""
        with self._guard:
            held = list(self._held)
        if held:
            with self._ledger.begin() as session:
                self._ledger.renew(session, held, self._clock() + self.lease)
        return False
