"""Claims what is due: each moment once, however many schedulers run."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from libs.common.errors import PressroomError
from libs.common.messages import ReportOrder
from services.scheduler.announce import Announcer
from services.scheduler.reckon import Reckoning, reckon
from services.scheduler.timetable import Entry, Timetable

log = logging.getLogger(__name__)

BATCH = 500
"""So many entries are read at once, and no more than so many are claimed in one transaction."""

MAX_ANNOUNCED = 2_000
"""A transaction with so many messages to send ends early: after a long outage an entry has up to a thousand."""

CATCH_UP = timedelta(hours=1)


def claim_due(timetable: Timetable, now: datetime, catch_up: timedelta = CATCH_UP) -> bool:
    """Deal with a batch of due entries in one transaction; True if there were any, so that the next may follow.

    The next moment moves in the transaction that announces this one and orders its report: earlier we could lose the
    report, later we could order it twice. An entry moves only if it is still as it was read. `reckon` has the rule
    for moments that passed while no scheduler was running, up to `catch_up` ago.

    A clock that goes back finds entries that have moved on already, so nothing fires again. Should a moment be
    announced twice all the same, both bear the same ids, and whoever hears them acts once.
    """
    with timetable.begin() as session:
        announcer = Announcer(session, now)
        entries = timetable.due(session, now, BATCH)
        for entry in entries:
            _claim(timetable, session, announcer, entry, now, catch_up)
            if announcer.messages >= MAX_ANNOUNCED:
                break
    return bool(entries)


def _claim(
    timetable: Timetable, session: Session, announcer: Announcer, entry: Entry, now: datetime, catch_up: timedelta
) -> None:
    try:
        order, reckoning = _evaluate(entry, now, catch_up)
    except Exception as error:
        # Whatever is wrong with one schedule, the others go on.
        if timetable.pause(session, entry):
            announcer.paused(entry, reason_to_pause(error))
        return
    if not timetable.advance(session, entry, reckoning.next_at, reckoning.served_for):
        return  # another scheduler was faster
    announcer.reckoned(entry, order, reckoning)


def _evaluate(entry: Entry, now: datetime, catch_up: timedelta) -> tuple[ReportOrder, Reckoning]:
    assert entry.next_at is not None
    order = entry.read_order()
    return order, reckon(entry.read_timing(), entry.next_at, until=now, now=now, catch_up=catch_up)


def reason_to_pause(error: Exception) -> str:
    """Why a schedule cannot be evaluated, as a sentence for its owner."""
    if isinstance(error, PressroomError):
        return str(error)
    log.error("a schedule cannot be evaluated", exc_info=error)
    return f"The schedule cannot be evaluated ({type(error).__name__}); save it again with another timing."
