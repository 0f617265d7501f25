"""What will happen, and why: the next moments with the reason for every shift and skip."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import msgspec

from libs.common.messages import Timing
from libs.common.timing import clocks, fields
from libs.common.timing.crons import expression_of, wall_times
from libs.common.timing.plan import Moment, plan

_MINUTE = timedelta(minutes=1)


class Foreseen(msgspec.Struct, frozen=True):
    """One expected moment: when it starts in UTC and on the wall clock, and why it is not as plain as the others."""

    at: datetime
    local: datetime
    fires: bool
    reasons: tuple[str, ...]


def foresee(timing: Timing, after: datetime, count: int, offset: timedelta = timedelta()) -> list[Foreseen]:
    """The next `count` expected moments, skipped ones included; `offset` is the schedule's own from its jitter."""
    zone = fields.zone_called(timing.timezone)
    return [_foreseen(timing, moment, zone, offset) for moment in islice(plan(timing, after), count)]


def _foreseen(timing: Timing, moment: Moment, zone: ZoneInfo, offset: timedelta) -> Foreseen:
    reasons = [f"skipped: {moment.skipped}"] if moment.skipped else []
    if moment.moved:
        reasons.append(f"moved: {moment.moved}")
    reasons += _clock_reasons(timing, moment.at, zone)
    if offset and not moment.skipped:
        reasons.append(f"starts {int(offset.total_seconds())} s later, as jitter_seconds asks for")
    starts = moment.at if moment.skipped else moment.at + offset
    return Foreseen(starts, starts.astimezone(zone), not moment.skipped, tuple(reasons))


def _clock_reasons(timing: Timing, moment: datetime, zone: ZoneInfo) -> list[str]:
    if timing.frequency in ("interval", "once"):
        return []
    if clocks.gap_before(moment, zone) and not _is_asked_for(timing, moment, zone):
        return [
            f"the clocks go forward: the local time asked for does not exist, so it is {moment.astimezone(zone):%H:%M}"
        ]
    if clocks.comes_twice(moment, zone):
        return ["the clocks go back: this local time comes twice, and this is the first"]
    return []


def _is_asked_for(timing: Timing, moment: datetime, zone: ZoneInfo) -> bool:
    wall = moment.astimezone(zone).replace(tzinfo=None)
    return next(wall_times(expression_of(timing), wall - _MINUTE), None) == wall
