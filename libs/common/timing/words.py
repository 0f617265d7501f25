"""A timing in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from typing import Any

from libs.common.messages import Calendar, Timing
from libs.common.timing import fields
from libs.common.timing.calendars import WEEKDAYS, days_off
from libs.common.timing.crons import expression_of, parsed
from libs.common.timing.kinds import once_at, rhythm

_ORDINALS = ("first", "second", "third", "fourth", "fifth")
_RULES = {"skip": "not on {}", "previous": "on the business day before {}", "next": "on the business day after {}"}


def describe(timing: Timing) -> str:
    """The timing in words, like `every Monday at 08:00 (Europe/Berlin)`; a TimingError if it makes no sense."""
    words = _words(timing)
    if timing.frequency != "interval" or timing.calendar is not None:
        words += f" ({timing.timezone})"
    if timing.calendar is not None:
        days_off(timing)
        words += f", {_RULES[timing.on_day_off].format(_calendar(timing.calendar))}"
    starts_at, ends_at = fields.bounds(timing)
    if starts_at:
        words += f", from {starts_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if ends_at:
        words += f", until {ends_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    if timing.max_occurrences:
        words += f", {timing.max_occurrences:,} times" if timing.max_occurrences > 1 else ", a single time"
    return words


def _words(timing: Timing) -> str:
    rhythm(timing)  # reads every field, so that words are only found for what makes sense
    config = timing.config
    if timing.frequency == "cron":
        explanation = parsed(expression_of(timing)).explain()
        return str(explanation[0].lower() + explanation[1:])
    if timing.frequency == "interval":
        every, unit = config["every"], config["unit"]
        return f"every {unit.removesuffix('s')}" if every == 1 else f"every {every} {unit}"
    if timing.frequency == "once":
        zone = fields.zone_called(timing.timezone)
        return f"once, on {once_at(timing, zone).astimezone(zone):%Y-%m-%d at %H:%M}"
    hour, minute = fields.time_of_day(config)
    return f"{_days(timing.frequency, config)} at {hour:02}:{minute:02}"


def _days(frequency: str, config: Mapping[str, Any]) -> str:
    if frequency == "weekly":
        return f"every {fields.and_([WEEKDAYS[day] for day in fields.days_of_week(config)])}"
    if frequency == "monthly" and "nth" in config:
        nth, day = fields.nth_of_month(config)
        return f"on the {nth if isinstance(nth, str) else _ORDINALS[nth - 1]} {WEEKDAYS[day]} of every month"
    if frequency == "monthly":
        return f"on {fields.and_([_day(day) for day in fields.days_of_month(config)])} of every month"
    return "every day"


def _day(day: int | str) -> str:
    return f"day {day}" if isinstance(day, int) else f"the {day.replace('_', ' ')}{' day' if day == 'last' else ''}"


def _calendar(calendar: Calendar) -> str:
    days = []
    if calendar.country:
        place = f"{calendar.subdivision} ({calendar.country})" if calendar.subdivision else calendar.country
        days.append(f"public holidays of {place}")
    if calendar.weekend:
        days.append(
            "weekends"
            if set(calendar.weekend) == {5, 6}
            else f"{fields.and_([WEEKDAYS[day] + 's' for day in sorted(calendar.weekend)])}"
        )
    if calendar.dates:
        days.append(f"days off of {calendar.name}" if calendar.name else "own days off")
    return fields.and_(days) if days else "days off"
