"""Conditions: whether anybody is to get a report that could be made."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from libs.common.conditions import Condition, Conditions
from libs.common.errors import PermanentFailure
from libs.common.look import Comparison
from libs.common.zones import zone_of
from services.generator.judging.precedent import Precedent
from services.generator.judging.readings import ROWS, Readings, Unmeasurable

_COMPARE: Mapping[Comparison, Callable[[Decimal, Decimal], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True)
class Decision:
    """`reason`: why nobody gets the report; empty if it is sent. `is_armed`: whether a crossing would count now."""

    reason: str
    is_armed: bool


def decide(
    conditions: Conditions, readings: Readings, before: Precedent, digest: str, due: datetime, timezone: str
) -> Decision:
    """Whether the report that is `due` then is sent. A condition that cannot be evaluated is a PermanentFailure."""
    try:
        unmet = [sentence for one in conditions.only_if if (sentence := _unmet(one, readings))]
    except Unmeasurable as missing:
        raise PermanentFailure(f"The conditions of the schedule cannot be evaluated: {missing}") from missing
    is_armed = before.is_armed or bool(unmet)
    others = (
        _still(conditions, before, timezone),
        _quiet(conditions, before, due, timezone),
        _empty(conditions, readings),
        _unchanged(conditions, before, digest, timezone),
    )
    reason = next(iter((*unmet, *filter(None, others))), "")
    return Decision(reason, is_armed)


def _unmet(one: Condition, readings: Readings) -> str:
    """Why the condition does not hold; empty if it does."""
    value = readings.measure(one.query, one.measure)
    wanted = f"{one.measure} {one.when} {one.value:,.15g}"
    place = one.query or readings.first
    if value is None:
        return f"{place}: {one.measure} has no value; a report is sent if {wanted}."
    if _COMPARE[one.when](value, Decimal(repr(one.value))):
        return ""
    shown = f"{value:,f} {'row' if value == 1 else 'rows'}" if one.measure == ROWS else f"{one.measure} is {value:,f}"
    return f"{place}: {shown}; a report is sent if {wanted}."


def _still(conditions: Conditions, before: Precedent, timezone: str) -> str:
    if not conditions.crossing or before.is_armed:
        return ""
    since = f" sent for {_spoken(before.sent_for, timezone)}" if before.sent_for else ""
    return f"The condition has held ever since the last report{since}; it must cease to hold before it counts again."


def _quiet(conditions: Conditions, before: Precedent, due: datetime, timezone: str) -> str:
    if before.sent_for is None:
        return ""
    until = before.sent_for + timedelta(seconds=conditions.quiet_seconds)
    if not before.sent_for <= due < until:
        return ""
    last = _spoken(before.sent_for, timezone)
    return f"A report was sent for {last}, and the schedule stays quiet until {_spoken(until, timezone)}."


def _empty(conditions: Conditions, readings: Readings) -> str:
    if conditions.send_empty or readings.failed or any(answer.rows for answer in readings.answers):
        return ""
    return "No query gave a row, and empty reports are not sent."


def _unchanged(conditions: Conditions, before: Precedent, digest: str, timezone: str) -> str:
    if not conditions.only_if_changed or not before.digest or before.digest != digest:
        return ""
    last = f", sent for {_spoken(before.sent_for, timezone)}" if before.sent_for else ""
    return f"The rows are the same as in the last report{last}."


def _spoken(moment: datetime, timezone: str) -> str:
    return f"{moment.astimezone(zone_of(timezone)):%Y-%m-%d %H:%M} ({timezone})"
