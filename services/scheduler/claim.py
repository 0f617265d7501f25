"""Claims what is due: each moment once, however many schedulers run."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from libs.common.errors import PressroomError
from libs.common.messages import ReadyOrder
from services.scheduler.announce import Announcer
from services.scheduler.orders import ready_orders
from services.scheduler.reckon import Reckoning, reckon
from services.scheduler.timetable import Entry, Move, Timetable

log = logging.getLogger(__name__)

BATCH = 1_000
"""So many entries are read at once, and no more than so many are claimed in one transaction."""

MAX_STARTED = 1_000
"""A transaction with so many orders to place ends early: after a long outage an entry may have fifty."""

CATCH_UP = timedelta(hours=1)


class Claim(msgspec.Struct, frozen=True):
    """What is to become of a due entry: its moments, or a pause for `reason`."""

    entry: Entry
    reckoning: Reckoning | None = None
    orders: Sequence[ReadyOrder] = ()
    reason: str = ""

    def move(self) -> Move:
        """Where the entry goes."""
        if self.reckoning is None:
            return Move(entry=self.entry, next_at=None, served_for=self.entry.served_for, active=False)
        next_at = self.reckoning.next_at
        if next_at is not None:
            next_at += self.entry.offset
        return Move(entry=self.entry, next_at=next_at, served_for=self.reckoning.served_for, active=self.entry.active)


def claim_due(timetable: Timetable, now: datetime, catch_up: timedelta = CATCH_UP) -> bool:
    """Deal with a batch of due entries in one transaction; True if there were any, so that the next may follow.

    The next moment moves in the transaction that announces this one and orders its report: earlier we could lose the
    report, later we could order it twice. An entry moves only if it is still as it was read. `reckon` has the rule
    for moments that passed while no scheduler was running.

    A clock that goes back finds entries that have moved on already, so nothing fires again. Should a moment be
    announced twice all the same, both bear the same ids, and whoever hears them acts once.
    """
    with timetable.begin() as session:
        entries = timetable.due(session, now, BATCH)
        claims = _claims(entries, now, catch_up)
        moved = timetable.move(session, [claim.move() for claim in claims])
        announcer = Announcer(session, now)
        for claim, is_ours in zip(claims, moved, strict=True):
            if not is_ours:
                continue  # another scheduler was faster
            if claim.reckoning is None:
                announcer.paused(claim.entry, claim.reason)
            else:
                announcer.reckoned(claim.entry, claim.reckoning, claim.orders)
        announcer.finish()
    return bool(entries)


def _claims(entries: Sequence[Entry], now: datetime, catch_up: timedelta) -> list[Claim]:
    claims: list[Claim] = []
    orders, known = 0, _Known(now, catch_up)
    for entry in entries:
        try:
            reckoning = known.reckoning(entry)
            claim = Claim(entry, reckoning, ready_orders(entry, reckoning.started))
        except Exception as error:
            # Whatever is wrong with one schedule, the others go on.
            claim = Claim(entry, reason=reason_to_pause(error))
        claims.append(claim)
        orders += len(claim.reckoning.started) if claim.reckoning else 0
        if orders >= MAX_STARTED:
            break
    return claims


class _Known:
    """Reckons once for all schedules that have the same timing: at 08:00 there are few timings and many schedules."""

    def __init__(self, now: datetime, catch_up: timedelta) -> None:
        self._now = now
        self._catch_up = catch_up
        self._found: dict[tuple[str | None, str | None, datetime, timedelta], Reckoning] = {}

    def reckoning(self, entry: Entry) -> Reckoning:
        assert entry.next_at is not None
        offset = entry.offset
        key = entry.timing, entry.misfire, entry.next_at, offset
        found = self._found.get(key)
        if found is None:
            now = self._now - offset
            found = self._found[key] = reckon(
                entry.read_timing(),
                entry.next_at - offset,
                until=now,
                now=now,
                catch_up=self._catch_up,
                misfire=entry.read_misfire(),
            )
        return found


def reason_to_pause(error: Exception) -> str:
    """Why a schedule cannot be evaluated, as a sentence for its owner."""
    if isinstance(error, PressroomError):
        return str(error)
    log.error("a schedule cannot be evaluated", exc_info=error)
    return f"The schedule cannot be evaluated ({type(error).__name__}); save it again with another timing."
