"""Keeps the leases on the reports that this process is making, all in one write every few seconds."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from libs.common.clock import Clock
from libs.common.loop import Loop
from services.generator.journal import Journal

log = logging.getLogger(__name__)

RENEW_EVERY_SECONDS = 5.0


class Lease:
    """The right to make one attempt at a report."""

    def __init__(self) -> None:
        self._lost = threading.Event()

    def is_lost(self) -> bool:
        """Whether somebody else has the report by now."""
        return self._lost.is_set()

    def lose(self) -> None:
        """Somebody else has it."""
        self._lost.set()


class Leases(Loop):
    """One thread for all leases. A lease that cannot be renewed because the store is away is kept: the attempt's
    number decides in the end who may publish."""

    def __init__(self, journal: Journal, clock: Clock, every_seconds: float = RENEW_EVERY_SECONDS) -> None:
        super().__init__("leases", self._renew, every_seconds)
        self._journal = journal
        self._clock = clock
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

    def _renew(self) -> bool:
        with self._guard:
            held = dict(self._held)
        if held:
            ours = self._journal.renew(held, self._clock())
            with self._guard:  # a report that ended while we asked has no lease, and nobody has taken it over
                lost = [key for key in held if key not in ours and key in self._held]
            for report_id, attempt in lost:
                log.warning("a lease is lost", extra={"report_id": str(report_id), "attempt": attempt})
                held[report_id, attempt].lose()
        return False
