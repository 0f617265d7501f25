"""Dates and times as a locale writes them."""

from __future__ import annotations

from datetime import date, datetime, time
from functools import lru_cache

from babel import Locale
from babel.dates import format_date, format_datetime, format_time

from services.generator.parts.formats import NumberFormat
from services.generator.parts.writing.excel import date_pattern

Moment = date | datetime | time


class Moments:
    """Writes dates and times. English without a country is read everywhere, so it gets the dates of ISO 8601:
    nobody can take 03/04 for another day."""

    def __init__(self, locale: Locale) -> None:
        self._locale = locale
        self._is_neutral = locale.language == "en" and locale.territory is None
        self._day = lru_cache(maxsize=4096)(self._any_day)

    def written(self, value: Moment, format_: NumberFormat | None) -> str:
        """The moment as `format_` asks, and else as it is; an instant has no zone here, because its heading has."""
        if format_ is not None and format_.kind == "excel":
            pattern = date_pattern(format_.excel)
            if pattern is not None:
                return self._by_pattern(value, pattern)
        wanted = format_.kind if format_ is not None else None
        if isinstance(value, time):
            return self._clock(value)
        if not isinstance(value, datetime):
            return self._day(value) + (" 00:00:00" if wanted == "datetime" else "")
        if wanted == "date":
            return self._day(value.date())
        if wanted == "time":
            return self._clock(value.time())
        return f"{self._day(value.date())} {self._clock(value.time())}"

    def _any_day(self, day: date) -> str:
        if self._is_neutral:
            return day.isoformat()
        return str(format_date(day, "medium", self._locale))

    def _clock(self, clock: time) -> str:
        if self._is_neutral or clock.microsecond:
            return clock.replace(tzinfo=None).isoformat()
        return str(format_time(clock.replace(tzinfo=None), "medium", locale=self._locale))

    def _by_pattern(self, value: Moment, pattern: str) -> str:
        if isinstance(value, datetime):
            return str(format_datetime(value.replace(tzinfo=None), pattern, locale=self._locale))
        if isinstance(value, time):
            return str(format_time(value, pattern, locale=self._locale))
        return str(format_datetime(datetime.combine(value, time.min), pattern, locale=self._locale))
