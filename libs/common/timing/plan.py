"""The expected moments of a timing, in their order: those that fire, and those that the calendar skips."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from libs.common.messages import Timing
from libs.common.timing import fields
from libs.common.timing.calendars import LONGEST_HOLIDAY, DaysOff, check_calendar, days_off
from libs.common.timing.clocks import first_instant
from libs.common.timing.kinds import Rhythm, rhythm

NEVER = timedelta(days=30 * 366)
"""A schedule that the calendar has skipped for so long is never due."""

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


class Moment(msgspec.Struct, frozen=True):
    """An expected moment (UTC). `skipped` says why nothing happens then; `moved` what day it was meant for, and why."""

    at: datetime
    skipped: str = ""
    moved: str = ""


def plan(timing: Timing, after: datetime) -> Iterator[Moment]:
    """Every expected moment strictly after `after`, in order; a TimingError, at once, if the timing makes no sense."""
    starts_at, ends_at = fields.bounds(timing)
    fields.check_extent(timing)
    if starts_at is not None:
        after = max(after, starts_at - _TICK)
    endless = _expected(timing)(after.astimezone(UTC))
    if timing.max_occurrences is not None:
        ends_at = _end_by_count(msgspec.json.encode(timing))
    return _until(ends_at, endless)


def moments(timing: Timing, after: datetime) -> Iterator[datetime]:
    """The instants (UTC, increasing) strictly after `after` at which `timing` fires."""
    return _firing(plan(timing, after))


def next_moment(timing: Timing, after: datetime) -> datetime | None:
    """The first moment (UTC) strictly after `after` that fires, or None if there is none any more."""
    return next(moments(timing, after), None)


def next_expected(timing: Timing, after: datetime) -> datetime | None:
    """The first moment (UTC) strictly after `after`, whether it fires or is skipped; None if there is none any more."""
    found = next(plan(timing, after), None)
    return found.at if found is not None else None


def last_moments(timing: Timing, after: datetime, until: datetime, count: int) -> list[datetime]:
    """The latest moments that fire in (`after`, `until`], at most `count`; the cost does not grow with those before."""
    back = timedelta(minutes=1)
    while True:
        start = max(after, until - back)
        found = deque(_up_to(plan(timing, start), until), maxlen=count)
        if len(found) == count or start == after:
            return list(found)
        back *= 2


def last_moment(timing: Timing, after: datetime, until: datetime) -> datetime | None:
    """The latest moment (UTC) that fires in (`after`, `until`], or None."""
    return next(iter(last_moments(timing, after, until, 1)), None)


def _up_to(expected: Iterable[Moment], until: datetime) -> Iterator[datetime]:
    for moment in expected:
        if moment.at > until:
            return
        if not moment.skipped:
            yield moment.at


def _firing(expected: Iterable[Moment]) -> Iterator[datetime]:
    since: datetime | None = None
    for moment in expected:
        if not moment.skipped:
            since = None
            yield moment.at
        elif since is None:
            since = moment.at
        elif moment.at - since > NEVER:
            return


def _until(ends_at: datetime | None, endless: Iterator[Moment]) -> Iterator[Moment]:
    try:
        for moment in endless:
            if ends_at is not None and moment.at > ends_at:
                return
            yield moment
    except OverflowError:
        return  # the calendar ends with the year 9999, and so do the moments


@lru_cache(maxsize=4096)
def _end_by_count(encoded: bytes) -> datetime:
    """The last moment of a timing that ends after a number of them."""
    timing = msgspec.json.decode(encoded, type=Timing)
    endless = msgspec.structs.replace(timing, max_occurrences=None)
    assert timing.starts_at is not None
    assert timing.max_occurrences is not None
    counted = islice(moments(endless, timing.starts_at - _TICK), timing.max_occurrences)
    return next(iter(deque(counted, maxlen=1)), timing.starts_at - _TICK)


# Calendars -------------------------------------------------------------------------------------------------


def _expected(timing: Timing) -> _Expectation:
    nominal = rhythm(timing)
    if timing.calendar is not None:
        check_calendar(timing.calendar)
    off = days_off(timing)
    if off is None:
        return _Expectation(nominal, None, "", fields.zone_called(timing.timezone))
    return _Expectation(nominal, off[0], off[1], fields.zone_called(timing.timezone))


class _Expectation(msgspec.Struct):
    """The moments of a rhythm on the days of a calendar."""

    nominal: Rhythm
    off: DaysOff | None
    rule: str
    zone: ZoneInfo

    def __call__(self, after: datetime) -> Iterator[Moment]:
        if self.off is None:
            return map(Moment, self.nominal(after))
        if self.rule == "skip":
            return self._skipping(self.off, after)
        return self._moving(self.off, 1 if self.rule == "next" else -1, after)

    def _skipping(self, off: DaysOff, after: datetime) -> Iterator[Moment]:
        for moment in self.nominal(after):
            why = off.why(moment.astimezone(self.zone).date())
            yield Moment(moment, skipped=f"it is {why}" if why else "")

    def _moving(self, off: DaysOff, direction: int, after: datetime) -> Iterator[Moment]:
        """What falls on a day off comes on the nearest business day, and only once if it meets another moment there."""
        came: dict[datetime, Moment] = {}
        came_on: date | None = None
        for moment in self._moved(off, direction, self.nominal(self._begin(off, direction, after))):
            on = moment.at.astimezone(self.zone).date()
            if came_on is not None and on > came_on:
                # Days keep their order when they are moved, so nothing comes on an earlier day any more.
                yield from _in_order(came, after)
                came = {}
            came_on = on
            kept = came.get(moment.at)
            came[moment.at] = moment if kept is None or kept.moved else kept
        yield from _in_order(came, after)

    def _begin(self, off: DaysOff, direction: int, after: datetime) -> datetime:
        """An instant before all moments that may have been moved to the day of `after` or later."""
        day = after.astimezone(self.zone).date()
        if direction > 0:
            for _ in range(LONGEST_HOLIDAY):
                if not off.why(day - _DAY):
                    break
                day -= _DAY
        return first_instant(datetime.combine(day, time()), self.zone) - _TICK

    def _moved(self, off: DaysOff, direction: int, nominal: Iterable[datetime]) -> Iterator[Moment]:
        for moment in nominal:
            local = moment.astimezone(self.zone)
            day = local.date()
            why = off.why(day)
            to = off.nearest(day, direction) if why else day
            if not why or to is None:
                yield Moment(moment, skipped=f"it is {why}, and no business day is near" if why else "")
            else:
                wall = datetime.combine(to, local.time().replace(fold=0))
                yield Moment(
                    first_instant(wall, self.zone), moved=f"meant for {day:%A} {day.isoformat()}, which is {why}"
                )


def _in_order(came: dict[datetime, Moment], after: datetime) -> Iterator[Moment]:
    return (came[at] for at in sorted(came) if at > after)
