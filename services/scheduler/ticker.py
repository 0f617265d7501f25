"""Looks at the timetable, at the right times."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from libs.common.clock import Clock, utc_now
from libs.common.loop import Loop
from libs.common.messages import TimetableRequested
from libs.common.metrics import SCHEDULER_HEARTBEAT, SCHEDULES_ACTIVE
from libs.common.outbox import Outbox
from services.scheduler.claim import claim_due
from services.scheduler.timetable import Timetable

log = logging.getLogger(__name__)

LONGEST_PAUSE_SECONDS = 1.0
"""Another scheduler or a repaired clock may make something due earlier than we know."""

COUNT_EVERY = timedelta(seconds=60)


class Ticker(Loop):
    """Claims what is due: right at its moment, after each change of the timetable (`wake`), and once in a second.

    One look costs the same however many schedules are not due. Nothing is claimed until `may_begin` says so.
    """

    def __init__(
        self, timetable: Timetable, may_begin: Callable[[], bool], *, catch_up: timedelta, clock: Clock = utc_now
    ) -> None:
        super().__init__("ticker", self.tick, every_seconds=LONGEST_PAUSE_SECONDS)
        self._timetable = timetable
        self._may_begin = may_begin
        self._catch_up = catch_up
        self._clock = clock
        self._count_after: datetime | None = None
        self._has_asked = False

    def tick(self) -> bool:
        """One look; True if something was due, so that the next look follows at once."""
        now = self._clock()
        earliest = self._timetable.earliest()
        self._count(now)
        SCHEDULER_HEARTBEAT.set(now.timestamp())
        if not self._may_begin():
            return False
        if earliest is None:
            self._ask_if_empty(now)
            return False
        if earliest > now:
            self._set_alarm((earliest - now).total_seconds())
            return False
        return claim_due(self._timetable, now, self._catch_up)

    def _ask_if_empty(self, now: datetime) -> None:
        """A timetable without any schedule is new, or it was lost: the api knows what belongs into it."""
        if not self._has_asked and self._timetable.is_empty():
            with self._timetable.begin() as session:
                Outbox(session, now).add(TimetableRequested(at=now))
            log.warning("the timetable is empty; all schedules are asked for")
        self._has_asked = True

    def _set_alarm(self, seconds: float) -> None:
        if seconds < LONGEST_PAUSE_SECONDS:
            alarm = threading.Timer(seconds, self.wake)
            alarm.daemon = True
            alarm.start()

    def _count(self, now: datetime) -> None:
        # Counting reads all entries, so it is done rarely. A clock that goes back is no reason to stop.
        if self._count_after is None or not now < self._count_after <= now + COUNT_EVERY:
            SCHEDULES_ACTIVE.set(self._timetable.count_active())
            self._count_after = now + COUNT_EVERY
