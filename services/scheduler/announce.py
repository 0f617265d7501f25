"""Says what became of moments: the events, and the command that orders the report."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, cast

import msgspec
from sqlalchemy import event
from sqlalchemy.orm import Session

from libs.common import ids
from libs.common.messages import (
    GenerateReport,
    OccurrencesPassed,
    OccurrencesStarted,
    OccurrenceStarted,
    ReadyOrder,
    ReportOrder,
    SchedulePaused,
    StartedOccurrence,
)
from libs.common.metrics import OCCURRENCE_LATENESS_SECONDS, OCCURRENCES
from libs.common.outbox import Outbox
from services.scheduler.reckon import Passed, Reckoning
from services.scheduler.timetable import Entry

log = logging.getLogger(__name__)

MANY = 50
"""When more than so many start together, events and lines of the log speak for many of them: at 08:00 on a Monday one
message for each would double the work of the broker. (At the level DEBUG each has its line.)"""

EVENT_BYTES = 48_000
"""Such an event holds orders of about so many bytes."""

MAX_MOMENTS = 10_000
"""An event names at most so many moments: a quarter of a megabyte."""


_SENTENCES = (
    ("missed", logging.WARNING, "occurrences were missed"),
    ("skipped", logging.INFO, "occurrences were skipped"),
)


class Announcer:
    """Speaks for one transaction at the instant `now`: nothing is heard, counted or logged before it is committed."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._outbox = Outbox(session, now)
        self._now = now
        self._started: list[StartedOccurrence] = []
        self._bytes: list[int] = []
        self._passed: list[tuple[Entry, Passed]] = []
        self._records: list[Callable[[], None]] = []
        after_commit(session, self._record)

    def reckoned(self, entry: Entry, reckoning: Reckoning, orders: Sequence[ReadyOrder]) -> None:
        """What became of the moments of an entry; `orders` are those of the moments that start."""
        for passed in reckoning.passed:
            self.passed(entry, passed)
        for scheduled_for, ready in zip(reckoning.started, orders, strict=True):
            self._start(entry, ready, scheduled_for)

    def _start(self, entry: Entry, ready: ReadyOrder, scheduled_for: datetime) -> None:
        """The moment has come and its report is ordered. The ids follow from the moment: twice is the same."""
        occurrence = ids.occurrence_id(entry.schedule_id, scheduled_for)
        report = ids.report_id(occurrence)
        order = cast("ReportOrder", ready)
        self._outbox.add(
            GenerateReport(
                report_id=report,
                order=order,
                requested_at=self._now,
                occurrence_id=occurrence,
                schedule_id=entry.schedule_id,
                scheduled_for=scheduled_for,
            )
        )
        self._bytes.append(ready.size)
        self._started.append(
            StartedOccurrence(
                occurrence_id=occurrence,
                schedule_id=entry.schedule_id,
                schedule_version=entry.version,
                scheduled_for=scheduled_for,
                report_id=report,
                order=order,
                jitter_seconds=int(entry.offset.total_seconds()),
            )
        )

    def finish(self) -> None:
        """Tell of what has started; the orders have been placed by now."""
        if len(self._started) <= MANY:
            for one in self._started:
                self._outbox.add(OccurrenceStarted(at=self._now, **msgspec.structs.asdict(one)))
            return
        for group in _groups(self._started, self._bytes):
            self._outbox.add(OccurrencesStarted(at=self._now, started=tuple(group)))

    def passed(self, entry: Entry, passed: Passed) -> None:
        """The moments have passed without a report."""
        for begin in range(0, len(passed.moments), MAX_MOMENTS):
            self._outbox.add(
                OccurrencesPassed(
                    at=self._now,
                    schedule_id=entry.schedule_id,
                    schedule_version=entry.version,
                    outcome=passed.outcome,
                    moments=passed.moments[begin : begin + MAX_MOMENTS],
                    reason=passed.reason,
                )
            )
        self._passed.append((entry, passed))

    def paused(self, entry: Entry, reason: str) -> None:
        """The schedule cannot be evaluated any longer."""
        self._outbox.add(
            SchedulePaused(at=self._now, schedule_id=entry.schedule_id, version=entry.version, reason=reason)
        )
        facts = {"schedule_id": str(entry.schedule_id), "version": entry.version, "reason": reason}
        self._records.append(lambda: log.error("a schedule was paused", extra=facts))

    def _record(self) -> None:
        for record in self._records:
            record()
        self._record_passed()
        self._record_started()

    def _record_passed(self) -> None:
        for outcome, usual, sentence in _SENTENCES:
            told = [(entry, passed) for entry, passed in self._passed if passed.outcome == outcome]
            count = sum(len(passed.moments) for _, passed in told)
            OCCURRENCES.labels(outcome).inc(count)
            level = usual if len(told) <= MANY else logging.DEBUG
            if log.isEnabledFor(level):
                for entry, passed in told:
                    log.log(level, sentence, extra=_facts_passed(entry, passed))
            if len(told) > MANY:
                log.log(usual, sentence, extra={"count": count, "schedules": len(told)})

    def _record_started(self) -> None:
        OCCURRENCES.labels("started").inc(len(self._started))
        lateness = [self._lateness(one) for one in self._started]
        for seconds in lateness:
            OCCURRENCE_LATENESS_SECONDS.observe(seconds)
        level = logging.INFO if len(self._started) <= MANY else logging.DEBUG
        if log.isEnabledFor(level):
            for one, seconds in zip(self._started, lateness, strict=True):
                log.log(level, "an occurrence has started", extra=_facts(one, seconds))
        if len(self._started) > MANY:
            log.info("occurrences have started", extra={"count": len(lateness), "lateness_seconds": max(lateness)})

    def _lateness(self, one: StartedOccurrence) -> float:
        return max(0.0, (self._now - one.scheduled_for).total_seconds() - one.jitter_seconds)


def _groups(started: Sequence[StartedOccurrence], sizes: Sequence[int]) -> Iterator[list[StartedOccurrence]]:
    group: list[StartedOccurrence] = []
    size = 0
    for one, its_size in zip(started, sizes, strict=True):
        if group and size + its_size > EVENT_BYTES:
            yield group
            group, size = [], 0
        group.append(one)
        size += its_size
    yield group


def _facts_passed(entry: Entry, passed: Passed) -> dict[str, Any]:
    return {
        "schedule_id": str(entry.schedule_id),
        "count": len(passed.moments),
        "first_scheduled_for": passed.moments[0].isoformat(),
        "last_scheduled_for": passed.moments[-1].isoformat(),
        "reason": passed.reason,
    }


def _facts(one: StartedOccurrence, lateness: float) -> dict[str, Any]:
    return {
        "schedule_id": str(one.schedule_id),
        "occurrence_id": str(one.occurrence_id),
        "report_id": str(one.report_id),
        "scheduled_for": one.scheduled_for.isoformat(),
        "lateness_seconds": lateness,
    }


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Call `action` once the session's transaction is committed; never if it is not."""
    event.listen(session, "after_commit", lambda _session: action(), once=True)
