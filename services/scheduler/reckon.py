"""Decides what becomes of the moments that have come: the latest starts, the earlier ones were missed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import chain, islice, takewhile

import msgspec

from libs.common.messages import Timing
from libs.common.timing import last_moment, moments, next_moment

MAX_MISSED = 1000
"""So many missed moments of a schedule are announced at once; the last of them speaks for those in between."""

NOT_RUNNING = "The scheduler was not running at that time"

_TICK = timedelta(microseconds=1)


class Missed(msgspec.Struct, frozen=True):
    """A moment that passed without a report, and why."""

    scheduled_for: datetime
    reason: str


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the moments of one schedule that have come, and when the next one is."""

    started: datetime | None
    missed: Sequence[Missed]
    served_for: datetime
    next_at: datetime | None


def reckon(timing: Timing, first: datetime, *, until: datetime, now: datetime, catch_up: timedelta) -> Reckoning:
    """Deal with the moments from `first`, which is due, up to and including `until` (usually the same as `now`).

    The rule: only the latest moment starts, and only if it is not older than `catch_up` at `now`; all others are
    missed. So a scheduler that was down over lunch makes up for the last report of each schedule and not for all of
    them, and one that comes back after a weekend sends nothing that nobody waits for any more. The next moment is the
    first one after `until`, however long the work takes.
    """
    upcoming, latest = next_moment(timing, first), first
    if upcoming is not None and upcoming <= until:  # rare: more than one moment has come
        upcoming, latest = next_moment(timing, until), last_moment(timing, first, until) or first
    if now - latest <= catch_up:
        missed = _missed(timing, first, until=latest - _TICK, reason=f"{NOT_RUNNING}.")
        return Reckoning(started=latest, missed=missed, served_for=latest, next_at=upcoming)
    reason = f"{NOT_RUNNING}, and it was more than {_span(catch_up)} ago when the scheduler could look again."
    missed = _missed(timing, first, until=latest, reason=reason)
    return Reckoning(started=None, missed=missed, served_for=latest, next_at=upcoming)


def write_off(timing: Timing, first: datetime, *, until: datetime, reason: str) -> Reckoning:
    """Deal with the moments from `first`, which is due, to `until`, when the schedule came to rest: all are missed."""
    missed = _missed(timing, first, until=until, reason=reason)
    return Reckoning(started=None, missed=missed, served_for=missed[-1].scheduled_for, next_at=None)


def _missed(timing: Timing, first: datetime, *, until: datetime, reason: str) -> list[Missed]:
    come = takewhile(lambda moment: moment <= until, chain([first], moments(timing, first)))
    missed = [Missed(moment, reason) for moment in islice(come, MAX_MISSED)]
    if len(missed) == MAX_MISSED and next(come, None) is not None:
        last = last_moment(timing, first, until) or first
        since = f"{missed[-2].scheduled_for:%Y-%m-%d %H:%M} UTC"
        missed[-1] = Missed(last, f"{reason} All moments since {since} were missed as well and are not listed.")
    return missed


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    name, size = next((unit for unit in units if seconds >= unit[1] and seconds % unit[1] == 0), units[-1])
    count = seconds // size
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
