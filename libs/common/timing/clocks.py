"""Wall clock to instants: what becomes of local times when the clocks change."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from libs.common.timing.crons import wall_times

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def first_pass(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Each local time once: the first time it comes, or the first valid instant after it."""
    for wall in wall_times(expression, after.astimezone(zone)):
        moment = first_instant(wall, zone)
        # In the second pass of a repeated hour the local times have already been; in a gap many fall together.
        if moment > after:
            yield moment
            after = moment


def every_pass(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Each instant whose local time matches."""
    offset = offset_at(after, zone)
    while True:
        wall = next(wall_times(expression, after + offset), None)
        if wall is None:
            return
        moment = wall.replace(tzinfo=UTC) - offset
        change = _offset_change(zone, offset, after, moment)
        if change is None:
            yield moment
            after = moment
        else:
            # The clocks change before: what the wall clock shows from that instant on counts, itself included.
            after, offset = change - _SECOND, offset_at(change, zone)


def first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant of a local time: the first of two, or the first valid one after a local time that does not exist."""
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    # In a gap fold 0 is read with the offset before it and fold 1 with the one after: the change lies in between.
    return _offset_change(zone, offset_at(second, zone), second, first) or first


def offset_at(instant: datetime, zone: ZoneInfo) -> timedelta:
    """How far the zone is ahead of UTC at `instant`."""
    return instant.astimezone(zone).utcoffset() or timedelta()


def comes_twice(moment: datetime, zone: ZoneInfo) -> bool:
    """True if the clock shows the local time of `moment` twice, and this is the first time."""
    local = moment.astimezone(zone)
    return local.fold == 0 and local.utcoffset() > local.replace(fold=1).utcoffset()  # type: ignore[operator]


def gap_before(moment: datetime, zone: ZoneInfo) -> bool:
    """True if local times were left out right before `moment`."""
    return offset_at(moment - _SECOND, zone) < offset_at(moment, zone)


def _offset_change(zone: ZoneInfo, offset: timedelta, after: datetime, until: datetime) -> datetime | None:
    """The first whole second in (`after`, `until`] in which the zone's offset from UTC is not `offset`."""
    probe = after.replace(microsecond=0)
    while probe < until:
        # No zone changes its offset twice in a day.
        start, probe = probe, min(probe + _DAY, until)
        if offset_at(probe, zone) != offset:
            seconds = range(1, math.ceil((probe - start) / _SECOND))
            found = bisect_left(seconds, True, key=lambda second: offset_at(start + second * _SECOND, zone) != offset)
            return start + (found + 1) * _SECOND
    return None
