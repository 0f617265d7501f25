"""Whether a timing makes sense, and what its owner should know about it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

from libs.common.messages import Timing
from libs.common.timing.errors import TimingError
from libs.common.timing.fields import bounds, shape_of
from libs.common.timing.kinds import EPOCH, rhythm
from libs.common.timing.plan import next_moment, plan

RARE = 6
"""A schedule that fires at most so often in a year is worth a word."""

HOLIDAYS_SINCE = datetime(2000, 1, 1, tzinfo=UTC)
"""The holidays of many countries are not known much longer."""

_TICK = timedelta(microseconds=1)
_YEAR = timedelta(days=365)


def check(timing: Timing) -> Timing:
    """`timing` itself, or a TimingError that names the field and what would be right; one never due is refused too."""
    bounds(timing)
    if next(rhythm(timing)(EPOCH - _TICK), None) is None:
        raise TimingError(f"schedule_config.{shape_of(timing)[0]}", "This schedule would never be due.")
    plan(timing, EPOCH)
    begin = (EPOCH if timing.calendar is None else HOLIDAYS_SINCE) - _TICK
    if next_moment(timing, begin) is None:
        if timing.calendar is not None and next(plan(timing, begin), None) is not None:
            raise TimingError("calendar", "This schedule would never be due: all its moments fall on days off.")
        field = "ends_at" if timing.ends_at else "starts_at"
        raise TimingError(field, "This schedule is never due between its starts_at and its ends_at.")
    return timing


def check_gap(timing: Timing, least: timedelta) -> None:
    """Refuse a timing whose moments follow each other faster than `least`, with a TimingError."""
    begin = timing.starts_at or EPOCH
    found = list(islice(plan(timing, begin), 100))
    gap = min((later.at - earlier.at for earlier, later in pairwise(found)), default=least)
    if gap < least:
        field = f"schedule_config.{shape_of(timing)[0]}"
        raise TimingError(
            field,
            f"{field} makes a schedule of every {_span(gap)}; the shortest time between two reports is {_span(least)}.",
        )


def warnings(timing: Timing, now: datetime) -> list[str]:
    """What is allowed but may not be meant, in sentences."""
    some = 400 if timing.calendar is not None else RARE + 1
    soon = [moment for moment in islice(plan(timing, now), some) if moment.at <= now + _YEAR]
    fires = sum(not moment.skipped for moment in soon)
    found = []
    if next_moment(timing, now) is None:
        return ["This schedule will never fire."]
    if timing.frequency == "once" or timing.max_occurrences is not None or timing.ends_at is not None:
        return []
    if fires == 0:
        found.append("This schedule will not fire within a year.")
    elif fires <= RARE:
        found.append(f"This schedule fires {fires} times a year." if fires > 1 else "This schedule fires once a year.")
    if len(soon) - fires > fires:
        found.append(f"The calendar skips {len(soon) - fires} of the next {len(soon)} moments.")
    return found


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    return f"{seconds // 60} min" if seconds % 60 == 0 else f"{seconds} s"
