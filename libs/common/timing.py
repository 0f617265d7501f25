"""When a schedule is due: its moments, whether its timing makes sense, and the timing in words.

| frequency | `config` | meaning |
|---|---|---|
| daily | `{"hour": 8, "minute": 0}` | `minute` may be left out here and below and is then 0 |
| weekly | `{"day_of_week": 6, "hour": 9, "minute": 30}` | Monday = 0 … Sunday = 6, or a list of them |
| monthly | `{"day_of_month": "last", "hour": 7}` | 1 … 31, `"last"`, or a list; months without that day are left out |
| cron | `{"cron": "0 8 * * MON-FRI"}` | five fields with names, `L`, `LW`, `#`, or a macro like `@daily`; Sunday = 0 |
| interval | `{"every": 15, "unit": "minutes"}` | minutes, hours or days of 24 hours, counted from an anchor |
| once | `{"at": "2026-12-31T18:00:00"}` | local time in the schedule's zone, unless it carries an offset |

The anchor of an interval is `starts_at`, or 1970-01-01 00:00 UTC without one, so that no delay ever adds up.

`starts_at` and `ends_at` belong to the schedule: a moment exactly at either of them counts.

When the clocks change. A cron expression (daily, weekly and monthly become one) is read by cronsim as times on a wall
clock without a zone; this module says which instants they are:

- A local time that does not exist happens at the first valid instant after it, and several of them together only once.
- A local time that comes twice happens once, at the first.
- A cron that names every hour (`*`, `*/1`, `0-23`) is meant to go on all the time and follows the clock as it runs:
  it happens in both passes of a repeated hour and not in the hour that is left out, so that a report
  of every hour or every 15 minutes neither pauses for an hour nor comes in a heap.

`interval` counts elapsed time and knows no clock changes; `once` follows the first two rules.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator
from copy import copy
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from libs.common.errors import PermanentFailure
from libs.common.messages import Timing

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEARS = range(1970, 2200)
"""The years in which a start, an end or a single moment may lie."""

LONGEST_INTERVAL = timedelta(days=3660)
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
UNITS = ("minutes", "hours", "days")
MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
KEYS: dict[str, tuple[str, ...]] = {
    "daily": ("hour", "minute"),
    "weekly": ("day_of_week", "hour", "minute"),
    "monthly": ("day_of_month", "hour", "minute"),
    "cron": ("cron",),
    "interval": ("every", "unit"),
    "once": ("at",),
}
"""What `config` holds per frequency."""

_TICK = timedelta(microseconds=1)
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


class TimingError(PermanentFailure):
    """A timing that makes no sense. `field` is its path in a schedule, like `schedule_config.hour`."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


def moments(timing: Timing, after: datetime) -> Iterator[datetime]:
    """The instants (UTC, increasing) strictly after `after` at which `timing` is due.

    Raises a TimingError, at once, if the timing makes no sense.
    """
    starts_at, ends_at = _bounds(timing)
    if starts_at is not None:
        after = max(after, starts_at - _TICK)
    return _until(ends_at, _rhythm(timing)(after.astimezone(UTC)))


def next_moment(timing: Timing, after: datetime) -> datetime | None:
    """The first moment (UTC) strictly after `after`, or None if there is none any more."""
    return next(moments(timing, after), None)


def last_moment(timing: Timing, after: datetime, until: datetime) -> datetime | None:
    """The latest moment (UTC) in (`after`, `until`], or None; its cost does not grow with the moments before it."""
    back = timedelta(minutes=1)
    while True:
        start = max(after, until - back)
        found = None
        for moment in moments(timing, start):
            if moment > until:
                break
            found = moment
        if found is not None or start == after:
            return found
        back *= 2


def check(timing: Timing) -> Timing:
    """`timing` itself, or a TimingError that names the field and what would be right; one never due is refused too."""
    _bounds(timing)
    if next(_rhythm(timing)(EPOCH - _TICK), None) is None:
        raise TimingError(f"schedule_config.{KEYS[timing.frequency][0]}", "This schedule would never be due.")
    if next_moment(timing, EPOCH - _TICK) is None:
        field = "ends_at" if timing.ends_at else "starts_at"
        raise TimingError(field, "This schedule is never due between its starts_at and its ends_at.")
    return timing


def describe(timing: Timing) -> str:
    """The timing in words, like `every Monday at 08:00 (Europe/Berlin)`; a TimingError if it makes no sense."""
    words = _words(timing)
    if timing.frequency != "interval":
        words += f" ({timing.timezone})"
    starts_at, ends_at = _bounds(timing)
    if starts_at:
        words += f", from {starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if ends_at:
        words += f", until {ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return words


# Frequencies -----------------------------------------------------------------------------------------------

_Rhythm = Callable[[datetime], Iterator[datetime]]


def _rhythm(timing: Timing) -> _Rhythm:
    """The moments strictly after an instant, without regard to start and end."""
    _check_keys(timing)
    zone = _zone(timing.timezone)
    if timing.frequency == "interval":
        return _interval(_step(timing.config), (timing.starts_at or EPOCH).astimezone(UTC))
    if timing.frequency == "once":
        return _once(_at(timing.config, zone))
    expression = _expression(timing)
    passes = _every_pass if len(_parsed(expression).hours) == 24 else _first_pass
    return lambda after: passes(expression, zone, after)


def _until(ends_at: datetime | None, endless: Iterator[datetime]) -> Iterator[datetime]:
    try:
        for moment in endless:
            if ends_at is not None and moment > ends_at:
                return
            yield moment
    except OverflowError:
        return  # the calendar ends with the year 9999, and so do the moments


def _interval(step: timedelta, anchor: datetime) -> _Rhythm:
    def after_instant(after: datetime) -> Iterator[datetime]:
        # Counted from the anchor each time, so that no rounding and no late run adds up.
        count = max((after - anchor) // step + 1, 0)
        while True:
            yield anchor + count * step
            count += 1

    return after_instant


def _once(at: datetime) -> _Rhythm:
    return lambda after: iter((at,) if at > after else ())


# Wall clock to instants ------------------------------------------------------------------------------------


@lru_cache(maxsize=4096)
def _parsed(expression: str) -> CronSim:
    return CronSim(expression, EPOCH.replace(tzinfo=None))


def _wall_times(expression: str, after: datetime) -> Iterator[datetime]:
    """The local times, without zone, that match the cron expression after the local time `after`."""
    # A copy moved to another time saves reading the expression again for every schedule that is claimed.
    times = copy(_parsed(expression))
    times.dt = after.replace(tzinfo=None, microsecond=0, fold=0)
    return times


def _first_pass(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Each local time once: the first time it comes, or the first valid instant after it."""
    for wall in _wall_times(expression, after.astimezone(zone)):
        moment = _first_instant(wall, zone)
        # In the second pass of a repeated hour the local times have already been; in a gap many fall together.
        if moment > after:
            yield moment
            after = moment


def _every_pass(expression: str, zone: ZoneInfo, after: datetime) -> Iterator[datetime]:
    """Each instant whose local time matches."""
    offset = _offset(after, zone)
    while True:
        wall = next(_wall_times(expression, after + offset), None)
        if wall is None:
            return
        moment = wall.replace(tzinfo=UTC) - offset
        change = _offset_change(zone, offset, after, moment)
        if change is None:
            yield moment
            after = moment
        else:
            # The clocks change before: what the wall clock shows from that instant on counts, itself included.
            after, offset = change - _SECOND, _offset(change, zone)


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    first, second = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first <= second:
        return first
    # In a gap fold 0 is read with the offset before it and fold 1 with the one after: the change lies in between.
    return _offset_change(zone, _offset(second, zone), second, first) or first


def _offset_change(zone: ZoneInfo, offset: timedelta, after: datetime, until: datetime) -> datetime | None:
    """The first whole second in (`after`, `until`] in which the zone's offset from UTC is not `offset`."""
    probe = after.replace(microsecond=0)
    while probe < until:
        # No zone changes its offset twice in a day.
        start, probe = probe, min(probe + _DAY, until)
        if _offset(probe, zone) != offset:
            seconds = range(1, math.ceil((probe - start) / _SECOND))
            found = bisect_left(seconds, True, key=lambda second: _offset(start + second * _SECOND, zone) != offset)
            return start + (found + 1) * _SECOND
    return None


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()


# Reading the config ----------------------------------------------------------------------------------------


def _zone(name: str) -> ZoneInfo:
    # Every IANA name begins with a capital. What else lies beside them ("localtime", "right/…") depends on the machine.
    wrong = TimingError("timezone", f"{name!r} is no time zone; write an IANA name like 'Europe/Berlin'.")
    if not name[:1].isupper():
        raise wrong
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # the name of a folder, like "Europe", is an OSError
        raise wrong from error


def _bounds(timing: Timing) -> tuple[datetime | None, datetime | None]:
    for field in ("starts_at", "ends_at"):
        instant: datetime | None = getattr(timing, field)
        if instant is not None:
            _check_instant(field, instant)
    if timing.starts_at and timing.ends_at and timing.ends_at < timing.starts_at:
        raise TimingError("ends_at", "ends_at lies before starts_at; it must be the same instant or a later one.")
    return timing.starts_at, timing.ends_at


def _check_instant(field: str, instant: datetime) -> None:
    name = field.rpartition(".")[2]
    if instant.tzinfo is None:
        raise TimingError(field, f"{name} has no offset from UTC; write it like 2026-12-31T18:00:00+01:00.")
    if instant.year not in YEARS:
        raise TimingError(field, f"{name} lies in the year {instant.year}; it must lie in {YEARS[0]} to {YEARS[-1]}.")


def _check_keys(timing: Timing) -> None:
    known = KEYS.get(timing.frequency)
    if known is None:
        raise TimingError("frequency", f"{timing.frequency!r} is no frequency; it must be one of {', '.join(KEYS)}.")
    for key in timing.config:
        if key not in known:
            raise TimingError(
                f"schedule_config.{key}",
                f"{key!r} has no meaning for the frequency {timing.frequency}; schedule_config takes {_and(known)}.",
            )
    for key in known:
        if key not in timing.config and key != "minute":
            raise TimingError(
                f"schedule_config.{key}",
                f"{key} is missing; schedule_config of the frequency {timing.frequency} takes {_and(known)}.",
            )


def _expression(timing: Timing) -> str:
    """The cron expression of a daily, weekly, monthly or cron timing."""
    config = timing.config
    if timing.frequency == "cron":
        return _cron(config["cron"])
    hour, minute = _time_of_day(config)
    if timing.frequency == "weekly":
        # In cron the week begins with Sunday = 0; ours with Monday = 0.
        days = sorted((day + 1) % 7 for day in _days_of_week(config))
        return f"{minute} {hour} * * {_commas(days)}"
    if timing.frequency == "monthly":
        return f"{minute} {hour} {_commas(_days_of_month(config)).replace('last', 'L')} * *"
    return f"{minute} {hour} * * *"


def _time_of_day(config: Any) -> tuple[int, int]:
    return _whole_number(config, "hour", 0, 23), _whole_number(config, "minute", 0, 59, default=0)


def _whole_number(config: Any, key: str, lowest: int, highest: int, default: int | None = None) -> int:
    value = config.get(key, default)
    if not _is_whole_number(value, lowest, highest):
        raise TimingError(
            f"schedule_config.{key}", f"{key} is {value!r}; it must be a whole number from {lowest} to {highest:,}."
        )
    number: int = value
    return number


def _is_whole_number(value: object, lowest: int, highest: int) -> bool:
    return type(value) is int and lowest <= value <= highest  # a bool is an int, too, but not for us


def _days_of_week(config: Any) -> list[int]:
    value = config["day_of_week"]
    days = value if isinstance(value, (list, tuple)) else [value]
    if not days or not all(_is_whole_number(day, 0, 6) for day in days):
        raise TimingError(
            "schedule_config.day_of_week",
            f"day_of_week is {value!r}; it must be a whole number from 0 (Monday) to 6 (Sunday), or a list of them.",
        )
    return sorted(set(days))


def _days_of_month(config: Any) -> list[int | str]:
    value = config["day_of_month"]
    days = value if isinstance(value, (list, tuple)) else [value]
    if not days or not all(day == "last" or _is_whole_number(day, 1, 31) for day in days):
        raise TimingError(
            "schedule_config.day_of_month",
            f"day_of_month is {value!r}; it must be a whole number from 1 to 31, 'last', or a list of them.",
        )
    return sorted(set(days), key=lambda day: 32 if day == "last" else day)


def _cron(text: Any) -> str:
    field = "schedule_config.cron"
    if not isinstance(text, str):
        raise TimingError(field, f"cron is {text!r}; it must be a text like '0 8 * * MON-FRI'.")
    expression = " ".join(text.split())
    if expression.startswith("@"):
        if expression.lower() not in MACROS:
            raise TimingError(field, f"{expression!r} is no macro; there are {_and(tuple(MACROS))}.")
        return MACROS[expression.lower()]
    if len(expression.split(" ")) != 5:
        raise TimingError(
            field, f"{expression!r} needs exactly five fields: minute, hour, day of month, month and day of week."
        )
    _read_cron(field, expression)
    return expression


def _read_cron(field: str, expression: str) -> None:
    try:
        _parsed(expression)
    except (CronSimError, AssertionError, ValueError) as error:
        if _is_read_in_other_months(expression):
            raise TimingError(field, f"{expression!r} would never be due: no such month has that day.") from error
        part = str(error).removeprefix("Bad ").replace("-", " ") or "expression"
        raise TimingError(field, f"{expression!r} cannot be read: its {part} is not valid cron.") from error


def _is_read_in_other_months(expression: str) -> bool:
    minute, hour, day, _, weekday = expression.split(" ")
    try:
        return bool(_parsed(f"{minute} {hour} {day} * {weekday}"))
    except (CronSimError, AssertionError, ValueError):
        return False


def _step(config: Any) -> timedelta:
    unit = config["unit"]
    if unit not in UNITS:
        raise TimingError("schedule_config.unit", f"unit is {unit!r}; it must be one of {', '.join(UNITS)}.")
    most = LONGEST_INTERVAL // timedelta(**{unit: 1})
    return timedelta(**{unit: _whole_number(config, "every", 1, most)})


def _at(config: Any, zone: ZoneInfo) -> datetime:
    value, field = config["at"], "schedule_config.at"
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise TimingError(
            field, f"at is {value!r}; it must be a date and time in ISO 8601 like '2026-12-31T18:00:00'."
        ) from error
    if len(value) <= len("2026-12-31"):
        raise TimingError(field, f"at is {value!r}, without a time of day; write it like '2026-12-31T18:00:00'.")
    _check_instant(field, at.replace(tzinfo=UTC))
    return at.astimezone(UTC) if at.tzinfo else _first_instant(at, zone)


# Words -----------------------------------------------------------------------------------------------------


def _words(timing: Timing) -> str:
    _rhythm(timing)  # reads every field, so that words are only found for what makes sense
    config = timing.config
    if timing.frequency == "cron":
        explanation = _parsed(_expression(timing)).explain()
        return explanation[0].lower() + explanation[1:]
    if timing.frequency == "interval":
        every, unit = config["every"], config["unit"]
        return f"every {unit.removesuffix('s')}" if every == 1 else f"every {every} {unit}"
    if timing.frequency == "once":
        return f"once, on {_at(config, _zone(timing.timezone)).astimezone(_zone(timing.timezone)):%Y-%m-%d at %H:%M}"
    hour, minute = _time_of_day(config)
    return f"{_days(timing)} at {hour:02}:{minute:02}"


def _days(timing: Timing) -> str:
    if timing.frequency == "weekly":
        return f"every {_and([WEEKDAYS[day] for day in _days_of_week(timing.config)])}"
    if timing.frequency == "monthly":
        days = _days_of_month(timing.config)
        return f"on {_and([f'the {day} day' if day == 'last' else f'day {day}' for day in days])} of every month"
    return "every day"


def _and(words: tuple[str, ...] | list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _commas(values: list[Any]) -> str:
    return ",".join(str(value) for value in values)
