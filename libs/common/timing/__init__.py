"""When a schedule is due: its moments, whether its timing makes sense, and the timing in words.

| frequency | `config` | meaning |
|---|---|---|
| daily | `{"hour": 8, "minute": 0}` | `minute` may be left out here and below and is then 0 |
| weekly | `{"day_of_week": 6, "hour": 9, "minute": 30}` | Monday = 0 … Sunday = 6, or a list of them |
| monthly | `{"day_of_month": "last", "hour": 7}` | 1 … 31, `"last"`, or a list; months without that day are left out |
| monthly | `{"day_of_month": "last_business_day", "hour": 7}` | or `first_business_day`, by the schedule's calendar |
| monthly | `{"nth": 2, "day_of_week": 1, "hour": 7}` | the second Tuesday; 1 … 5 or `"last"` |
| cron | `{"cron": "0 8 * * MON-FRI"}` | five fields with names, `L`, `LW`, `#`, or a macro like `@daily`; Sunday = 0 |
| interval | `{"every": 15, "unit": "minutes"}` | minutes, hours or days of 24 hours, counted from an anchor |
| once | `{"at": "2026-12-31T18:00:00"}` | local time in the schedule's zone, unless it carries an offset |

The anchor of an interval is `starts_at`, or 1970-01-01 00:00 UTC without one, so that no delay ever adds up.

`starts_at` and `ends_at` belong to the schedule: a moment exactly at either of them counts. `max_occurrences` counts
the moments from `starts_at` on that fire.

When the clocks change. A cron expression (daily, weekly and monthly become one) is read by cronsim as times on a wall
clock without a zone; `clocks.py` says which instants they are:

- A local time that does not exist happens at the first valid instant after it, and several of them together only once.
- A local time that comes twice happens once, at the first.
- A cron that names every hour (`*`, `*/1`, `0-23`) is meant to go on all the time and follows the clock as it runs:
  it happens in both passes of a repeated hour and not in the hour that is left out, so that a report
  of every hour or every 15 minutes neither pauses for an hour nor comes in a heap.

`interval` counts elapsed time and knows no clock changes; `once` follows the first two rules.

A calendar names days off. A moment on one of them is skipped (it is expected all the same, and recorded as skipped),
or it comes at the same local time of the business day before or after, once if it meets another one there.
"""

from __future__ import annotations

from libs.common.timing.calendars import WEEKDAYS, check_calendar, countries
from libs.common.timing.checks import check, check_gap, warnings
from libs.common.timing.crons import MACROS
from libs.common.timing.errors import TimingError
from libs.common.timing.fields import KEYS, LONGEST_INTERVAL, UNITS, YEARS
from libs.common.timing.jitter import offset_of
from libs.common.timing.kinds import EPOCH
from libs.common.timing.misfires import SKIP_LATENESS, check_misfire, lateness_allowed
from libs.common.timing.plan import (
    Moment,
    last_moment,
    last_moments,
    moments,
    next_expected,
    next_moment,
    plan,
)
from libs.common.timing.preview import Foreseen, foresee
from libs.common.timing.words import describe

__all__ = [
    "EPOCH",
    "KEYS",
    "LONGEST_INTERVAL",
    "MACROS",
    "SKIP_LATENESS",
    "UNITS",
    "WEEKDAYS",
    "YEARS",
    "Foreseen",
    "Moment",
    "TimingError",
    "check",
    "check_calendar",
    "check_gap",
    "check_misfire",
    "countries",
    "describe",
    "foresee",
    "last_moment",
    "last_moments",
    "lateness_allowed",
    "moments",
    "next_expected",
    "next_moment",
    "offset_of",
    "plan",
    "warnings",
]
