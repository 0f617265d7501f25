"""Daily, weekly, monthly and cron timings as one cron expression, which cronsim reads."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from datetime import datetime
from functools import lru_cache
from typing import Any

from cronsim import CronSim, CronSimError

from libs.common.messages import Timing
from libs.common.timing import fields
from libs.common.timing.errors import TimingError

MACROS = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
_FIELD = "schedule_config.cron"
_BEGIN = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock has no zone


@lru_cache(maxsize=4096)
def parsed(expression: str) -> CronSim:
    """The expression, read once."""
    return CronSim(expression, _BEGIN)


def wall_times(expression: str, after: datetime) -> Iterator[datetime]:
    """The local times, without zone, that match the cron expression after the local time `after`."""
    # A copy moved to another time saves reading the expression again for every schedule that is claimed.
    times = copy(parsed(expression))
    times.dt = after.replace(tzinfo=None, microsecond=0, fold=0)
    return times


def expression_of(timing: Timing) -> str:
    """The cron expression of a daily, weekly, monthly or cron timing."""
    config = timing.config
    if timing.frequency == "cron":
        return _cron(config["cron"])
    hour, minute = fields.time_of_day(config)
    if timing.frequency == "weekly":
        return f"{minute} {hour} * * {_commas(sorted(_of_cron(day) for day in fields.days_of_week(config)))}"
    if timing.frequency != "monthly":
        return f"{minute} {hour} * * *"
    if "nth" in config:
        nth, day = fields.nth_of_month(config)
        return f"{minute} {hour} * * {_of_cron(day)}{'L' if nth == 'last' else f'#{nth}'}"
    return f"{minute} {hour} {_commas([_NAMED.get(day, day) for day in fields.days_of_month(config)])} * *"


_NAMED: dict[int | str, str] = {"last": "L", "last_business_day": "L", "first_business_day": "1"}


def _of_cron(day: int) -> int:
    # In cron the week begins with Sunday = 0; ours with Monday = 0.
    return (day + 1) % 7


def _cron(text: Any) -> str:
    if not isinstance(text, str):
        raise TimingError(_FIELD, f"cron is {text!r}; it must be a text like '0 8 * * MON-FRI'.")
    expression = " ".join(text.split())
    if expression.startswith("@"):
        if expression.lower() not in MACROS:
            raise TimingError(_FIELD, f"{expression!r} is no macro; there are {fields.and_(tuple(MACROS))}.")
        return MACROS[expression.lower()]
    if len(expression.split(" ")) != 5:
        raise TimingError(
            _FIELD, f"{expression!r} needs exactly five fields: minute, hour, day of month, month and day of week."
        )
    _read_cron(expression)
    return expression


def _read_cron(expression: str) -> None:
    try:
        parsed(expression)
    except (CronSimError, AssertionError, ValueError) as error:
        if _is_read_in_other_months(expression):
            raise TimingError(_FIELD, f"{expression!r} would never be due: no such month has that day.") from error
        part = str(error).removeprefix("Bad ").replace("-", " ") or "expression"
        raise TimingError(_FIELD, f"{expression!r} cannot be read: its {part} is not valid cron.") from error


def _is_read_in_other_months(expression: str) -> bool:
    minute, hour, day, _, weekday = expression.split(" ")
    try:
        return bool(parsed(f"{minute} {hour} {day} * {weekday}"))
    except (CronSimError, AssertionError, ValueError):
        return False


def _commas(values: list[Any]) -> str:
    return ",".join(str(value) for value in values)
