"""What one language says, and how it writes counts, sizes and moments.

A library of all locales would take more memory and time than a letter does; four languages fit on a page each.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from libs.common.zones import zone_of

_KILO = 1_000
_MEGA = 1_000_000


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences with `{…}` for what they are about. A pair is for one and for any other count."""

    code: str
    """The language, as HTML names it."""

    thousands: str
    decimal: str
    fewest_grouped: int = 1_000
    """Smaller numbers are written without a mark between the thousands."""
    bytes: tuple[str, str]
    kilobytes: str
    megabytes: str

    weekdays: tuple[str, ...]
    """Monday is the first."""
    months: tuple[str, ...]
    short_months: tuple[str, ...]
    first: str = "1"
    """The first day of a month."""
    moment_form: str
    short_moment_form: str

    greeting: str
    greeting_without_name: str
    ready: str

    report: str
    due: str
    made: str
    rows: str
    counted_rows: tuple[str, str]
    some_rows: str
    more_columns: tuple[str, str]
    before: str

    attached: str
    to_download: str
    packed_because: str
    linked_because: str
    linked: str
    whoever_has_links: str

    note: str
    late_today: str
    late: str
    test: str
    on_schedule: str
    on_demand: str
    number: str
    subscribed: str
    unsubscribe: str

    def count(self, number: int) -> str:
        """A whole number."""
        if abs(number) < self.fewest_grouped:
            return str(number)
        return f"{number:,}".replace(",", self.thousands)

    def counted(self, forms: tuple[str, str], number: int) -> str:
        """A sentence about so many of something."""
        return forms[0] if number == 1 else forms[1].format(count=self.count(number))

    def size(self, size_bytes: int) -> str:
        """A size that a person can judge: `812 bytes`, `8.3 KB`, `2.1 MB`."""
        if size_bytes < _KILO:
            return self.counted(self.bytes, size_bytes)
        if size_bytes < _MEGA - 50:  # it would be rounded to a megabyte
            return self.kilobytes.format(count=self._tenths(size_bytes / _KILO))
        return self.megabytes.format(count=self._tenths(size_bytes / _MEGA))

    def moment(self, instant: datetime, timezone: str) -> str:
        """A moment in full, on the clock of `timezone`."""
        return self._moment(self.moment_form, self.months, instant, timezone)

    def short_moment(self, instant: datetime, timezone: str) -> str:
        """A moment, for a subject."""
        return self._moment(self.short_moment_form, self.short_months, instant, timezone)

    def _moment(self, form: str, months: tuple[str, ...], instant: datetime, timezone: str) -> str:
        local = instant.astimezone(zone_of(timezone))
        return form.format(
            weekday=self.weekdays[local.weekday()],
            day=self.first if local.day == 1 else local.day,
            month=months[local.month - 1],
            year=local.year,
            clock=f"{local:%H:%M}",
            zone=local.tzinfo,
        )

    def _tenths(self, number: float) -> str:
        return f"{number:.1f}".removesuffix(".0").replace(".", self.decimal)
