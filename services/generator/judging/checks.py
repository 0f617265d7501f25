"""Checks: what must be true of the data before anybody gets to see it. Each failure is a sentence."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal

from libs.common.conditions import Change, Checks
from services.generator.judging.readings import ROWS, Readings, Seen, Unmeasurable, look_through

Measures = Mapping[str, Mapping[str, str]]
"""By query and measure: a number in digits."""


def failures(checks: Checks, readings: Readings, before: Measures, now: datetime) -> tuple[str, ...]:
    """A sentence for each check that fails. `before` is what the last report had; without it nothing has changed."""
    found = [one for check in (_rows, _columns, _nulls, _fresh) for one in check(checks, readings, now)]
    return tuple(dict.fromkeys((*found, *_changes(checks, readings, before))))


def measured(checks: Checks, readings: Readings) -> dict[str, dict[str, str]]:
    """What the next report will be compared with."""
    found: dict[str, dict[str, str]] = {}
    for one in checks.change:
        name = one.query or readings.first
        try:
            value = readings.measure(name, one.measure)
        except Unmeasurable:
            continue
        if value is not None:
            found.setdefault(name, {})[one.measure] = str(value)
    return found


def _rows(checks: Checks, readings: Readings, _now: datetime) -> Iterator[str]:
    for answer in readings.answers:
        rows = readings.rows(answer.name)
        if checks.min_rows is not None and rows < checks.min_rows:
            yield f"{answer.name}: {_counted(rows)}, where at least {checks.min_rows:,} are expected."
        if checks.max_rows is not None and rows > checks.max_rows:
            yield f"{answer.name}: {_counted(rows)}, where at most {checks.max_rows:,} are expected."
    if checks.min_rows is not None or checks.max_rows is not None:
        for name in readings.failed:
            yield from _complaint(readings.answer, name)


def _columns(checks: Checks, readings: Readings, _now: datetime) -> Iterator[str]:
    for column in checks.required_columns:
        yield from _complaint(readings.place, "", column)


def _nulls(checks: Checks, readings: Readings, _now: datetime) -> Iterator[str]:
    for one in checks.nulls:
        try:
            answer = readings.answer(one.query)
            seen = look_through(answer, [one.column], [])[one.column]
        except Unmeasurable as missing:
            yield str(missing)
            continue
        share = seen.nulls / answer.rows if answer.rows else 0.0
        if share > one.at_most:
            allowed = f"where at most {_percent(one.at_most)} may be"
            yield f"{answer.name}: {_percent(share)} of {one.column} is NULL, {allowed}."


def _fresh(checks: Checks, readings: Readings, now: datetime) -> Iterator[str]:
    for one in checks.fresh:
        try:
            answer = readings.answer(one.query)
            seen = look_through(answer, [], [one.column])[one.column]
        except Unmeasurable as missing:
            yield str(missing)
            continue
        yield from _stale(f"{answer.name}: ", one.column, seen, timedelta(seconds=one.within_seconds), now)


def _stale(place: str, column: str, seen: Seen, within: timedelta, now: datetime) -> Iterator[str]:
    if seen.latest is None:
        yield f"{place}{column} has no value, so the data cannot be called fresh."
    elif now - seen.latest > within:
        age = f"{spoken(now - seen.latest)} old, where at most {spoken(within)} is allowed"
        yield f"{place}the latest {column} is {seen.latest:%Y-%m-%d %H:%M} UTC: {age}."


def _changes(checks: Checks, readings: Readings, before: Measures) -> Iterator[str]:
    for one in checks.change:
        name = one.query or readings.first
        last = before.get(name, {}).get(one.measure)
        try:
            value = readings.measure(name, one.measure)
        except Unmeasurable as missing:
            yield str(missing)
            continue
        if last is not None:
            yield from _change(name, one, value, Decimal(last))


def _change(name: str, change: Change, value: Decimal | None, last: Decimal) -> Iterator[str]:
    what = _counted(value or 0) if change.measure == ROWS else f"{change.measure} is {_shown(value)}"
    if value is None:
        yield f"{name}: {change.measure} has no value; in the last report it was {_shown(last)}."
    elif abs(value - last) > abs(last) * Decimal(str(change.at_most)):
        by = "" if not last else f" ({(value - last) / abs(last):+.1%})"
        allowed = f"may differ by at most {_percent(change.at_most)}"
        yield f"{name}: {what}, after {_shown(last)} in the last report{by}; it {allowed}."


def _complaint(look: Callable[..., object], *names: str) -> Iterator[str]:
    try:
        look(*names)
    except Unmeasurable as missing:
        yield str(missing)


def _counted(rows: int | Decimal) -> str:
    return "1 row" if rows == 1 else f"{rows:,} rows"


def _shown(value: Decimal | None) -> str:
    return "NULL" if value is None else f"{value:,f}"


def _percent(share: float) -> str:
    return f"{round(100 * share, 2):,.15g} %"


def spoken(length: timedelta) -> str:
    """A length of time in its two largest units."""
    seconds, parts = int(length.total_seconds()), list[str]()
    for name, size in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        count, seconds = divmod(seconds, size)
        if count and len(parts) < 2:
            parts.append(f"{count:,} {name}" + ("" if count == 1 else "s"))
        elif parts:
            break
    return " and ".join(parts) or "0 seconds"
