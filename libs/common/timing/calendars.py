"""Days off: weekends, public holidays (from the library `holidays`) and own dates."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

import holidays

from libs.common.messages import Calendar, Timing
from libs.common.timing.errors import TimingError

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
WORKING_WEEK = Calendar()
"""Every day is a business day but Saturday and Sunday."""

LONGEST_HOLIDAY = 60
"""A moment is moved by at most so many days."""

_DAY = timedelta(days=1)


class DaysOff:
    """Answers whether anybody works on a day, and which business day is the nearest."""

    def __init__(self, calendar: Calendar) -> None:
        self._weekend = frozenset(calendar.weekend)
        self._own = frozenset(calendar.dates)
        self._name = calendar.name
        self._public = _public_holidays(calendar.country, calendar.subdivision) if calendar.country else None

    def why(self, day: date) -> str:
        """What makes `day` a day off, like `Christmas Day`; empty on a business day."""
        if self._public is not None and day in self._public:
            return str(self._public[day])
        if day in self._own:
            return f"a day off in the calendar {self._name}" if self._name else "a day off in the calendar"
        return f"a {WEEKDAYS[day.weekday()]}" if day.weekday() in self._weekend else ""

    def nearest(self, day: date, direction: int) -> date | None:
        """The business day at `day` or, with `direction` 1 or -1, after or before it; None if there is none near."""
        for _ in range(LONGEST_HOLIDAY):
            if not self.why(day):
                return day
            day += direction * _DAY
        return None


def days_off(timing: Timing) -> tuple[DaysOff, str] | None:
    """The calendar of a timing with its rule; None if every day is like any other."""
    named = str(timing.config.get("day_of_month", "")) if timing.frequency == "monthly" else ""
    if named.endswith("business_day"):
        # The last day, moved back to a business day: whatever the rule says, it must not be on a day off.
        return _read(timing.calendar or WORKING_WEEK), "previous" if named.startswith("last") else "next"
    if timing.calendar is None:
        return None
    if timing.on_day_off not in ("skip", "previous", "next"):
        raise TimingError(
            "on_day_off", f"on_day_off is {timing.on_day_off!r}; it must be one of skip, previous and next."
        )
    return _read(timing.calendar), timing.on_day_off


def check_calendar(calendar: Calendar) -> None:
    """Refuse, with a TimingError, a calendar of a country that is not known, or one without business days."""
    if not all(type(day) is int and 0 <= day <= 6 for day in calendar.weekend) or len(set(calendar.weekend)) > 6:
        raise TimingError(
            "calendar.weekend", "weekend must be at most six numbers from 0 (Monday) to 6 (Sunday); a day must be left."
        )
    if calendar.subdivision and not calendar.country:
        raise TimingError("calendar.country", "country is missing; a subdivision belongs to a country.")
    _read(calendar)


def countries() -> dict[str, list[str]]:
    """The countries whose public holidays are known, with their subdivisions."""
    return dict(holidays.list_supported_countries())


@lru_cache(maxsize=1024)
def _read(calendar: Calendar) -> DaysOff:
    return DaysOff(calendar)


@lru_cache(maxsize=512)
def _public_holidays(country: str, subdivision: str) -> holidays.HolidayBase:
    known = countries()
    if country not in known:
        raise TimingError(
            "calendar.country",
            f"country is {country!r}; it must be a two-letter code like 'DE' whose holidays we know.",
        )
    if subdivision and subdivision not in known[country]:
        choices = ", ".join(known[country]) or "none"
        raise TimingError("calendar.subdivision", f"subdivision is {subdivision!r}; those of {country} are: {choices}.")
    return holidays.country_holidays(country, subdiv=subdivision or None, language=_english(country))


def _english(country: str) -> str | None:
    """The language of the names: English where the library has it, else the country's own."""
    spoken = holidays.list_localized_countries().get(country, [])
    return next((one for one in ("en_US", "en_GB", "en") if one in spoken), None)
