"""Keeps the leases on the reports that this process is making, all in one write every few seconds.

It also learns which of them somebody does not want any more: two indexed statements a second while there are reports,
and at once where the request arrived at this very process (see `listener.py`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from libs.common.clock import Clock
from libs.common.loop import Loop
from services.generator.journal import Cancellation, Journal

log = logging.getLogger(__name__)

LOOK_EVERY_SECONDS = 0.5
RENEW_EVERY = timedelta(seconds=5)

LOST = "another generator has taken the report over"
CANCELLED = "the report was cancelled"


class Lease:
    """The right to make one attempt at a report."""

    def __init__(self) -> None:
        self.cancellation: Cancellation | None = None
        self._lost = threading.Event()

    def ended(self) -> str:
        """Why the work is to be broken off; empty as long as it is not."""
        if self._lost.is_set():
            return LOST
        return CANCELLED if self.cancellation is not None else ""

    def lose(self) -> None:
        """Somebody else has it."""
        self._lost.set()


class Leases(Loop):
    """One thread for all leases. A lease that cannot be renewed because the store is away is kept: the attempt's
    number decides in the end who may publish."""

    def __init__(self, journal: Journal, clock: Clock, every_seconds: float = LOOK_EVERY_SECONDS) -> None:
        super().__init__("leases", self._look, every_seconds)
        self._journal = journal
        self._clock = clock
        self._renewed_at: datetime | None = None
        self._held: dict[tuple[UUID, int], Lease] = {}
        self._guard = threading.Lock()

    @contextmanager
    def held(self, report_id: UUID, attempt: int) -> Iterator[Lease]:
        """The lease on a report that was just claimed, renewed until the end of the block."""
        lease = Lease()
        with self._guard:
            self._held[report_id, attempt] = lease
        try:
            yield lease
        finally:
            with self._guard:
                self._held.pop((report_id, attempt), None)

    def _look(self) -> bool:
        now = self._clock()
        if self._renewed_at is None or not timedelta() <= now - self._renewed_at < RENEW_EVERY:
            self._renew()
            self._renewed_at = now
        self._hear()
        return False

    def _hear(self) -> None:
        """Tell those at work which reports are not wanted any more."""
        held = self._those_held()
        if held:
            for key, cancellation in self._journal.cancellations(held).items():
                if key in held:
                    held[key].cancellation = cancellation

    def _renew(self) -> None:
        held = self._those_held()
        if held:
            ours = self._journal.renew(held, self._clock())
            with self._guard:  # a report that ended while we asked has no lease, and nobody has taken it over
                lost = [key for key in held if key not in ours and key in self._held]
            for report_id, attempt in lost:
                log.warning("a lease is lost", extra={"report_id": str(report_id), "attempt": attempt})
                held[report_id, attempt].lose()

    def _those_held(self) -> dict[tuple[UUID, int], Lease]:
        with self._guard:
            return dict(self._held)
