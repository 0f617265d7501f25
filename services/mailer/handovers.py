"""Tells the others about letters whose answers take their time.

The other mailers have to know that this one still waits, and people want to see that something is under way.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.clock import Clock
from libs.common.loop import Loop
from services.mailer.endings import Turn, announce_sending
from services.mailer.ledger import Ledger

PATIENCE = timedelta(seconds=1)
"""What takes longer than this is told: most letters never are."""


class Handovers(Loop):
    """One thread that renews the leases of all letters under way, three times within a `lease`.

    A mailer that dies renews nothing: after one lease the others know that nobody waits for the answer any more.
    """

    def __init__(self, ledger: Ledger, lease: timedelta, clock: Clock) -> None:
        super().__init__("handovers", self.look, min(lease.total_seconds() / 3, PATIENCE.total_seconds()))
        self.lease = lease
        self._ledger = ledger
        self._clock = clock
        self._held: dict[tuple[UUID, int], Turn] = {}
        self._since: dict[tuple[UUID, int], datetime] = {}
        self._told: set[tuple[UUID, int]] = set()
        self._renewed_at: datetime | None = None
        self._guard = threading.Lock()

    @contextmanager
    def held(self, turn: Turn) -> Iterator[None]:
        """Renew the lease of this attempt until the end of the block, once it was `handed_over`."""
        key = (turn.command.delivery_id, turn.number)
        with self._guard:
            self._held[key] = turn
        try:
            yield
        finally:
            with self._guard:
                self._held.pop(key, None)
                self._since.pop(key, None)
                self._told.discard(key)

    def handed_over(self, turn: Turn, now: datetime) -> None:
        """The letter is on its way, and its answer is waited for."""
        with self._guard:
            self._since.setdefault((turn.command.delivery_id, turn.number), now)

    def look(self) -> bool:
        """Tell what takes long, and renew all leases if it is time."""
        self.tell()
        now = self._clock()
        if self._renewed_at is None or now - self._renewed_at >= self.lease / 3:
            self._renewed_at = now
            self.renew()
        return False

    def tell(self) -> None:
        """Announce each letter whose answer has taken longer than PATIENCE, once."""
        now = self._clock()
        with self._guard:
            late = [key for key, since in self._since.items() if now - since >= PATIENCE and key not in self._told]
            turns = {key: self._held[key] for key in late if key in self._held}
        if not turns:
            return
        with self._ledger.begin() as session:
            # Those that have just ended are left out: nobody shall hear of the beginning after the end.
            for key in self._ledger.renew(session, list(turns), now + self.lease):
                announce_sending(session, turns[key], now)
        with self._guard:
            self._told.update(key for key in turns if key in self._held)

    def renew(self) -> None:
        """Renew all leases once, in one write."""
        with self._guard:
            held = list(self._since)
        if held:
            with self._ledger.begin() as session:
                self._ledger.renew(session, held, self._clock() + self.lease)
