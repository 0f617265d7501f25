"""Reads `config`, zone, start and end; what is wrong is named by its field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from libs.common.messages import Timing
from libs.common.timing.errors import TimingError

YEARS = range(1970, 2200)
"""The years in which a start, an end or a single moment may lie."""

LONGEST_INTERVAL = timedelta(days=3660)
MAX_OCCURRENCES = 100_000
MAX_JITTER_SECONDS = 86_400
UNITS = ("minutes", "hours", "days")
KEYS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "daily": (("hour", "minute"),),
    "weekly": (("day_of_week", "hour", "minute"),),
    "monthly": (("day_of_month", "hour", "minute"), ("nth", "day_of_week", "hour", "minute")),
    "cron": (("cron",),),
    "interval": (("every", "unit"),),
    "once": (("at",),),
}
"""What `config` holds per frequency; a monthly one comes in two shapes. `minute` may be left out."""

NAMED_DAYS = ("last", "first_business_day", "last_business_day")


@lru_cache(maxsize=1024)
def zone_called(name: str) -> ZoneInfo:
    """The zone with this IANA name."""
    # Every IANA name begins with a capital. What else lies beside them ("localtime", "right/…") depends on the machine.
    wrong = TimingError("timezone", f"{name!r} is no time zone; write an IANA name like 'Europe/Berlin'.")
    if not name[:1].isupper():
        raise wrong
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:  # the name of a folder, like "Europe", is an OSError
        raise wrong from error


def check_keys(timing: Timing) -> None:
    """Refuse a frequency that does not exist, and keys that it does not take or lacks."""
    shapes = KEYS.get(timing.frequency)
    if shapes is None:
        raise TimingError("frequency", f"{timing.frequency!r} is no frequency; it must be one of {', '.join(KEYS)}.")
    known = shape_of(timing)
    takes = f"schedule_config of the frequency {timing.frequency} takes {and_(known)}."
    for key in timing.config:
        if key not in known:
            raise TimingError(
                f"schedule_config.{key}",
                f"{key!r} has no meaning for the frequency {timing.frequency}; schedule_config takes {and_(known)}.",
            )
    for key in known:
        if key not in timing.config and key != "minute":
            raise TimingError(f"schedule_config.{key}", f"{key} is missing; {takes}")


def shape_of(timing: Timing) -> tuple[str, ...]:
    """The keys that this `config` may hold: the shape of its frequency that it begins like."""
    shapes = KEYS[timing.frequency]
    return next((shape for shape in shapes[1:] if shape[0] in timing.config), shapes[0])


def bounds(timing: Timing) -> tuple[datetime | None, datetime | None]:
    """Start and end of a schedule; a moment exactly at either of them counts."""
    for field in ("starts_at", "ends_at"):
        instant: datetime | None = getattr(timing, field)
        if instant is not None:
            check_instant(field, instant)
    if timing.starts_at and timing.ends_at and timing.ends_at < timing.starts_at:
        raise TimingError("ends_at", "ends_at lies before starts_at; it must be the same instant or a later one.")
    return timing.starts_at, timing.ends_at


def check_instant(field: str, instant: datetime) -> None:
    """Refuse an instant without an offset or too far away."""
    name = field.rpartition(".")[2]
    if instant.tzinfo is None:
        raise TimingError(field, f"{name} has no offset from UTC; write it like 2026-12-31T18:00:00+01:00.")
    if instant.year not in YEARS:
        raise TimingError(field, f"{name} lies in the year {instant.year}; it must lie in {YEARS[0]} to {YEARS[-1]}.")


def check_extent(timing: Timing) -> None:
    """Refuse a number of occurrences or a jitter that makes no sense."""
    most = timing.max_occurrences
    if most is not None and not _is_whole_number(most, 1, MAX_OCCURRENCES):
        raise TimingError(
            "max_occurrences", f"max_occurrences is {most!r}; it must be a whole number from 1 to {MAX_OCCURRENCES:,}."
        )
    if most is not None and timing.starts_at is None:
        raise TimingError("starts_at", "starts_at is missing; max_occurrences counts the moments from starts_at on.")
    if not _is_whole_number(timing.jitter_seconds, 0, MAX_JITTER_SECONDS):
        raise TimingError(
            "jitter_seconds",
            f"jitter_seconds is {timing.jitter_seconds!r}; it must be a whole number from 0 to {MAX_JITTER_SECONDS:,}.",
        )


def time_of_day(config: Mapping[str, Any]) -> tuple[int, int]:
    """Hour and minute."""
    return whole_number(config, "hour", 0, 23), whole_number(config, "minute", 0, 59, default=0)


def whole_number(config: Mapping[str, Any], key: str, lowest: int, highest: int, default: int | None = None) -> int:
    """The number under `key`."""
    value = config.get(key, default)
    if not _is_whole_number(value, lowest, highest):
        raise TimingError(
            f"schedule_config.{key}", f"{key} is {value!r}; it must be a whole number from {lowest} to {highest:,}."
        )
    number: int = value
    return number


def days_of_week(config: Mapping[str, Any]) -> list[int]:
    """Weekdays, Monday = 0, in their order."""
    value = config["day_of_week"]
    days = value if isinstance(value, (list, tuple)) else [value]
    if not days or not all(_is_whole_number(day, 0, 6) for day in days):
        raise TimingError(
            "schedule_config.day_of_week",
            f"day_of_week is {value!r}; it must be a whole number from 0 (Monday) to 6 (Sunday), or a list of them.",
        )
    return sorted(set(days))


def days_of_month(config: Mapping[str, Any]) -> list[int | str]:
    """Days of a month in their order: 1 … 31 and `last`, or one of the business days alone."""
    value = config["day_of_month"]
    days = value if isinstance(value, (list, tuple)) else [value]
    if days in (["first_business_day"], ["last_business_day"]):
        return list(days)
    if not days or not all(day == "last" or _is_whole_number(day, 1, 31) for day in days):
        raise TimingError(
            "schedule_config.day_of_month",
            f"day_of_month is {value!r}; it must be a whole number from 1 to 31, 'last', or a list of them; "
            "or 'first_business_day' or 'last_business_day'.",
        )
    return sorted(set(days), key=lambda day: 32 if day == "last" else day)


def nth_of_month(config: Mapping[str, Any]) -> tuple[int | str, int]:
    """Which of a month's weekdays: (2, 1) is the second Tuesday, ("last", 4) the last Friday."""
    nth, days = config["nth"], days_of_week(config)
    if nth != "last" and not _is_whole_number(nth, 1, 5):
        raise TimingError("schedule_config.nth", f"nth is {nth!r}; it must be a whole number from 1 to 5, or 'last'.")
    if len(days) != 1:
        raise TimingError(
            "schedule_config.day_of_week", "day_of_week must be a single day beside nth, from 0 (Monday) to 6 (Sunday)."
        )
    return nth, days[0]


def step(config: Mapping[str, Any]) -> timedelta:
    """The length of an interval."""
    unit = config["unit"]
    if unit not in UNITS:
        raise TimingError("schedule_config.unit", f"unit is {unit!r}; it must be one of {', '.join(UNITS)}.")
    most = LONGEST_INTERVAL // timedelta(**{unit: 1})
    return timedelta(**{unit: whole_number(config, "every", 1, most)})


def at(config: Mapping[str, Any]) -> datetime:
    """The moment of a `once`: without zone if it is a local time."""
    value, field = config["at"], "schedule_config.at"
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError) as error:
        raise TimingError(
            field, f"at is {value!r}; it must be a date and time in ISO 8601 like '2026-12-31T18:00:00'."
        ) from error
    if len(value) <= len("2026-12-31"):
        raise TimingError(field, f"at is {value!r}, without a time of day; write it like '2026-12-31T18:00:00'.")
    check_instant(field, moment.replace(tzinfo=UTC))
    return moment


def and_(words: Sequence[str]) -> str:
    """ "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def _is_whole_number(value: object, lowest: int, highest: int) -> bool:
    return type(value) is int and lowest <= value <= highest  # a bool is an int, too, but not for us
