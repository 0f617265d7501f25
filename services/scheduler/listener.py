"""Hears of schedules and keeps the timetable up to date."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace
from sqlalchemy.orm import Session

from libs.common.clock import Clock
from libs.common.errors import PermanentFailure
from libs.common.messages import MAX_MESSAGE_BYTES, Event, OccurrenceSucceeded, ScheduleDeleted, ScheduleSaved
from libs.common.timing import check_misfire, next_expected, offset_of
from services.scheduler.announce import Announcer, after_commit
from services.scheduler.claim import reason_to_pause
from services.scheduler.orders import ready_orders
from services.scheduler.reckon import Reckoning, reckon, write_off
from services.scheduler.timetable import Entry, Timetable, write

log = logging.getLogger(__name__)

MAX_ORDER_BYTES = MAX_MESSAGE_BYTES - 10_000
"""An order must fit into the messages that carry it, together with ids and dates."""

CLOCK_DOUBT = timedelta(days=1)
"""If the present lies this far before a moment that was served, the clock was wrong then and is right now."""


class ScheduleListener:
    """Handlers of the schedule events. `wake` is called after each commit that may have made something due.

    The instant of a change is that of its event and not that of its arrival: what was due before belongs to the old
    version, what is due after it to the new one, even if the event waited for us.
    """

    def __init__(self, timetable: Timetable, *, catch_up: timedelta, clock: Clock, wake: Callable[[], None]) -> None:
        self._timetable = timetable
        self._catch_up = catch_up
        self._clock = clock
        self._wake = wake

    def handlers(self) -> Mapping[type[Event], Callable[[Session, Any], None]]:
        """What to call for which event."""
        return {ScheduleSaved: self.saved, ScheduleDeleted: self.deleted, OccurrenceSucceeded: self.succeeded}

    def saved(self, session: Session, event: ScheduleSaved) -> None:
        """Take over a newer version of a schedule.

        One that goes on after a pause has no moments in between. An edit that leaves the timing alone keeps the next
        moment. A timing that cannot be evaluated here is announced as paused.
        """
        entry = self._newer(session, event)
        if entry is None:
            return
        announcer = Announcer(session, self._clock())
        keeps_next = event.active and entry.active and _same_timing(entry, event)
        if not keeps_next:
            entry = self._settle(announcer, entry, event.at, "" if event.active else "The schedule was paused")
        changed = replace(
            entry,
            version=event.version,
            active=event.active,
            timing=write(event.timing),
            report_order=write(event.order),
            misfire=write(event.misfire),
            jitter_seconds=event.timing.jitter_seconds,
        )
        try:
            _check_size(changed)
            check_misfire(event.misfire)
            next_at = entry.next_at if keeps_next else self._next_at(entry, event)
        except Exception as error:
            # Trying again cannot help: the owner has to know.
            announcer.paused(changed, reason_to_pause(error))
            changed, next_at = replace(changed, active=False), None
        announcer.finish()
        self._save(session, replace(changed, next_at=next_at))

    def deleted(self, session: Session, event: ScheduleDeleted) -> None:
        """Forget a schedule, save for its version: an older save that arrives later must not bring it back."""
        entry = self._newer(session, event)
        if entry is None:
            return
        announcer = Announcer(session, self._clock())
        entry = self._settle(announcer, entry, event.at, "The schedule was deleted")
        announcer.finish()
        self._save(session, Entry(schedule_id=entry.schedule_id, version=event.version, served_for=entry.served_for))

    def succeeded(self, session: Session, event: OccurrenceSucceeded) -> None:
        """Remember the latest moment whose report has reached everybody."""
        self._timetable.note_success(session, event.schedule_id, event.scheduled_for)

    def _newer(self, session: Session, event: ScheduleSaved | ScheduleDeleted) -> Entry | None:
        """The entry that the event changes, held for this transaction; None if it knows better already."""
        entry = self._timetable.lock(session, event.schedule_id)
        if event.version > entry.version:
            return entry
        facts = {"schedule_id": str(event.schedule_id), "version": event.version, "known_version": entry.version}
        log.info("an old version of a schedule was left alone", extra=facts)
        return None

    def _settle(self, announcer: Announcer, entry: Entry, until: datetime, ended: str) -> Entry:
        """Deal with what was due in the old version, up to the change. If the schedule has `ended`, nothing starts."""
        if not entry.is_due(until):
            return entry
        try:
            offset = entry.offset
            while entry.next_at is not None and entry.is_due(until):
                reckoning = self._reckon(entry, until - offset, ended)
                announcer.reckoned(entry, reckoning, ready_orders(entry, reckoning.started))
                next_at = reckoning.next_at + offset if reckoning.next_at else None
                entry = replace(entry, next_at=next_at, served_for=reckoning.served_for)
        except Exception:
            # It could not be evaluated; the new version is the cure.
            log.exception("a schedule could not be evaluated", extra={"schedule_id": str(entry.schedule_id)})
        return entry

    def _reckon(self, entry: Entry, until: datetime, ended: str) -> Reckoning:
        assert entry.next_at is not None
        timing, offset = entry.read_timing(), entry.offset
        if ended:
            reason = f"{ended} before the report was ordered."
            return write_off(timing, entry.next_at - offset, until=until, reason=reason)
        return reckon(
            timing,
            entry.next_at - offset,
            until=until,
            now=self._clock() - offset,
            catch_up=self._catch_up,
            misfire=entry.read_misfire(),
        )

    def _next_at(self, entry: Entry, event: ScheduleSaved) -> datetime | None:
        if not event.active:
            return None
        offset = offset_of(event.schedule_id, event.timing.jitter_seconds)
        # What was to start a little later, because of the jitter, belongs to the new version; but not after a pause.
        after = event.at - offset if entry.active else event.at
        if entry.served_for is not None and entry.served_for - self._clock() < CLOCK_DOUBT:
            after = max(after, entry.served_for)  # the clock may have gone back, but what was served stays served
        next_at = next_expected(event.timing, after)
        return next_at + offset if next_at is not None else None

    def _save(self, session: Session, entry: Entry) -> None:
        self._timetable.save(session, entry)
        facts = {
            "schedule_id": str(entry.schedule_id),
            "version": entry.version,
            "active": entry.active,
            "next_at": entry.next_at.isoformat() if entry.next_at else None,
        }
        after_commit(session, lambda: log.info("the timetable has changed", extra=facts))
        after_commit(session, self._wake)


def _same_timing(entry: Entry, event: ScheduleSaved) -> bool:
    try:
        return entry.read_timing() == event.timing
    except PermanentFailure:
        return False


def _check_size(entry: Entry) -> None:
    size = len((entry.report_order or "").encode())
    if size > MAX_ORDER_BYTES:
        raise PermanentFailure(f"The order of the schedule has {size:,} bytes; at most {MAX_ORDER_BYTES:,} may travel.")
