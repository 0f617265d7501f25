"""Says what became of moments: the events, and the command that orders the report."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import event
from sqlalchemy.orm import Session

from libs.common import ids
from libs.common.messages import GenerateReport, OccurrenceMissed, OccurrenceStarted, ReportOrder, SchedulePaused
from libs.common.metrics import OCCURRENCE_LATENESS_SECONDS, OCCURRENCES
from libs.common.outbox import Outbox
from services.scheduler.reckon import Missed, Reckoning
from services.scheduler.timetable import Entry

log = logging.getLogger(__name__)


class Announcer:
    """Speaks for one transaction at the instant `now`: nothing is heard, counted or logged before it is committed."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._outbox = Outbox(session, now)
        self._now = now
        self._records: list[Callable[[], None]] = []
        self.messages = 0
        after_commit(session, self._record)

    def reckoned(self, entry: Entry, order: ReportOrder, reckoning: Reckoning) -> None:
        """What became of the moments of an entry, in their order."""
        for missed in reckoning.missed:
            self.missed(entry, missed)
        if reckoning.started is not None:
            self.started(entry, order, reckoning.started)

    def started(self, entry: Entry, order: ReportOrder, scheduled_for: datetime) -> None:
        """The moment has come and its report is ordered. The ids follow from the moment: twice is the same."""
        occurrence = ids.occurrence_id(entry.schedule_id, scheduled_for)
        report = ids.report_id(occurrence)
        self._add(
            OccurrenceStarted(
                at=self._now,
                occurrence_id=occurrence,
                schedule_id=entry.schedule_id,
                schedule_version=entry.version,
                scheduled_for=scheduled_for,
                report_id=report,
                order=order,
            ),
            GenerateReport(
                report_id=report,
                order=order,
                requested_at=self._now,
                occurrence_id=occurrence,
                schedule_id=entry.schedule_id,
                scheduled_for=scheduled_for,
            ),
        )
        lateness = max(0.0, (self._now - scheduled_for).total_seconds())
        facts = {
            "schedule_id": str(entry.schedule_id),
            "occurrence_id": str(occurrence),
            "report_id": str(report),
            "scheduled_for": scheduled_for.isoformat(),
            "lateness_seconds": lateness,
        }

        def record() -> None:
            OCCURRENCES.labels("started").inc()
            OCCURRENCE_LATENESS_SECONDS.observe(lateness)
            log.info("an occurrence has started", extra=facts)

        self._records.append(record)

    def missed(self, entry: Entry, missed: Missed) -> None:
        """The moment has passed without a report."""
        occurrence = ids.occurrence_id(entry.schedule_id, missed.scheduled_for)
        self._add(
            OccurrenceMissed(
                at=self._now,
                occurrence_id=occurrence,
                schedule_id=entry.schedule_id,
                schedule_version=entry.version,
                scheduled_for=missed.scheduled_for,
                reason=missed.reason,
            )
        )
        facts = {
            "schedule_id": str(entry.schedule_id),
            "occurrence_id": str(occurrence),
            "scheduled_for": missed.scheduled_for.isoformat(),
            "reason": missed.reason,
        }

        def record() -> None:
            OCCURRENCES.labels("missed").inc()
            log.warning("an occurrence was missed", extra=facts)

        self._records.append(record)

    def paused(self, entry: Entry, reason: str) -> None:
        """The schedule cannot be evaluated any longer."""
        self._add(SchedulePaused(at=self._now, schedule_id=entry.schedule_id, version=entry.version, reason=reason))
        facts = {"schedule_id": str(entry.schedule_id), "version": entry.version, "reason": reason}
        self._records.append(lambda: log.error("a schedule was paused", extra=facts))

    def _record(self) -> None:
        for record in self._records:
            record()

    def _add(self, *messages: OccurrenceStarted | OccurrenceMissed | SchedulePaused | GenerateReport) -> None:
        for message in messages:
            self._outbox.add(message)
            self.messages += 1


def after_commit(session: Session, action: Callable[[], None]) -> None:
    """Call `action` once the session's transaction is committed; never if it is not."""
    event.listen(session, "after_commit", lambda _session: action(), once=True)
