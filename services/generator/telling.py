"""Tells the world how far a report is: seldom enough to cost little, often enough to be believed."""

from __future__ import annotations

import logging
from datetime import datetime

from libs.common.clock import Clock
from libs.common.errors import TransientFailure
from libs.common.messages import ReportProgressed
from libs.common.outbox import Outbox
from services.generator.endings import Turn
from services.generator.journal import Journal
from services.generator.progress import Progress

log = logging.getLogger(__name__)

FIRST_AFTER_SECONDS = 1.0
LEAST_PAUSE_SECONDS, MOST_PAUSE_SECONDS = 0.5, 15.0
_SHARE = 20


class Teller:
    """The voice of one attempt.

    The first `report.progressed` comes after a second; then the pause is a twentieth of the time so far, from half a
    second to 15 seconds: about 100 events in ten minutes, each a small transaction of the outbox.
    """

    def __init__(self, turn: Turn, journal: Journal, clock: Clock) -> None:
        self._turn = turn
        self._journal = journal
        self._clock = clock
        self._started = clock()
        self._told_at: datetime | None = None
        self._told: Progress | None = None

    def hear(self, progress: Progress) -> None:
        """Tell, if it is news and time for news. A store that is away is no reason to stop the work."""
        now = self._clock()
        if progress == self._told or not self._is_time(now):
            return
        try:
            self._tell(progress, now)
        except TransientFailure as failure:
            log.warning("progress could not be written down", extra={"reason": str(failure)})
        self._told_at, self._told = now, progress

    def _is_time(self, now: datetime) -> bool:
        elapsed = (now - self._started).total_seconds()
        if self._told_at is None:
            return elapsed >= FIRST_AFTER_SECONDS
        pause = min(MOST_PAUSE_SECONDS, max(LEAST_PAUSE_SECONDS, elapsed / _SHARE))
        return (now - self._told_at).total_seconds() >= pause

    def _tell(self, progress: Progress, now: datetime) -> None:
        with self._journal.begin() as session:
            Outbox(session, now).add(
                ReportProgressed(
                    at=now,
                    report_id=self._turn.command.report_id,
                    attempt=self._turn.number,
                    stage=progress.stage,
                    rows=progress.rows,
                    percent=progress.percent,
                )
            )
