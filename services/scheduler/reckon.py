"""Decides what becomes of the moments that have come: which start, which were missed, which the calendar skips."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import chain, groupby, islice
from typing import Literal

import msgspec

from libs.common.messages import Misfire, Timing
from libs.common.timing import Moment, last_moments, lateness_allowed, plan

STEP = 1_000
"""At most so many moments of one schedule are dealt with at a time: what is left is due at once again."""

MAX_STARTED = 50
"""At most so many of them start, because each brings an order."""

NOT_RUNNING = "The scheduler was not running at that time"

_TICK = timedelta(microseconds=1)
AS_USUAL = Misfire()


class Passed(msgspec.Struct, frozen=True):
    """Moments that passed without a report, and why."""

    outcome: Literal["missed", "skipped"]
    moments: tuple[datetime, ...]
    reason: str


class Reckoning(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of the moments of one schedule that have come, and when the next one is (it may have come, too)."""

    started: Sequence[datetime]
    passed: Sequence[Passed]
    served_for: datetime
    next_at: datetime | None


def reckon(
    timing: Timing,
    first: datetime,
    *,
    until: datetime,
    now: datetime,
    catch_up: timedelta,
    misfire: Misfire = AS_USUAL,
) -> Reckoning:
    """Deal with the moments from `first`, which is due, up to and including `until` (usually the same as `now`).

    What is later than the policy allows is missed. Of the others `skip` and `all` start the latest `max_catch_up`, in
    their order, and `once` starts the latest. So a scheduler that was down over lunch makes up for the last report
    of each schedule, and one that comes back after a weekend sends nothing that nobody waits for any more.
    `catch_up` is the lateness that `once` allows if the schedule says nothing. Every moment is in the answer.
    """
    expected = plan(timing, first - _TICK)
    head = next(expected, None)
    if head is None or head.at != first:
        # None of the timing's any more, as after an update of the time zone data; but it was promised.
        expected, head = chain([head] if head else [], expected), Moment(first)
    upcoming = next(expected, None)
    if upcoming is None or upcoming.at > until:  # the usual case
        come, chosen, next_at = [head], {first}, upcoming.at if upcoming else None
    else:
        come, next_at = _come(chain([head, upcoming], expected), until)
        chosen = set(last_moments(timing, first - _TICK, until, _most(misfire))) or {first}
    allowed = lateness_allowed(misfire, catch_up)
    earliest = now - allowed if allowed is not None else None
    return _sorted(come, chosen, earliest, next_at, _reasons(misfire, allowed))


def write_off(timing: Timing, first: datetime, *, until: datetime, reason: str) -> Reckoning:
    """Deal with the moments from `first`, which is due, to `until`, when the schedule came to rest: all are missed."""
    come = [Moment(first)]
    for moment in plan(timing, first):
        if moment.at > until:
            break
        come.append(moment)
    return _sorted(come, set(), None, None, (reason, reason))


def _most(misfire: Misfire) -> int:
    return 1 if misfire.policy == "once" else misfire.max_catch_up


def _come(expected: Iterable[Moment], until: datetime) -> tuple[list[Moment], datetime | None]:
    """The moments up to `until`, not more than STEP, and when the next one is."""
    rest = iter(expected)
    come: list[Moment] = []
    for moment in islice(rest, STEP + 1):
        if moment.at > until or len(come) == STEP:
            return come, moment.at
        come.append(moment)
    return come, None


def _sorted(
    come: Sequence[Moment],
    chosen: set[datetime],
    earliest: datetime | None,
    next_at: datetime | None,
    reasons: tuple[str, str],
) -> Reckoning:
    started: list[datetime] = []
    passed: list[tuple[str, str, datetime]] = []
    too_late, not_chosen = reasons
    for moment in come:
        if moment.skipped:
            passed.append(("skipped", f"{moment.skipped[:1].upper()}{moment.skipped[1:]}.", moment.at))
        elif earliest is not None and moment.at < earliest:
            passed.append(("missed", too_late, moment.at))
        elif moment.at not in chosen:
            passed.append(("missed", not_chosen, moment.at))
        elif len(started) == MAX_STARTED:
            next_at = moment.at
            break
        else:
            started.append(moment.at)
    served = [at for _, _, at in passed[-1:]] + started[-1:]
    return Reckoning(started=started, passed=list(_grouped(passed)), served_for=max(served), next_at=next_at)


def _grouped(passed: Iterable[tuple[str, str, datetime]]) -> Iterator[Passed]:
    for (outcome, reason), group in groupby(passed, key=lambda one: one[:2]):
        yield Passed("skipped" if outcome == "skipped" else "missed", tuple(at for _, _, at in group), reason)


def _reasons(misfire: Misfire, allowed: timedelta | None) -> tuple[str, str]:
    """Why a moment did not start: because it is too late, because others were chosen."""
    too_late = NOT_RUNNING
    if allowed is not None:
        too_late += f", and it was more than {_span(allowed)} ago when the scheduler could look again"
    if misfire.policy == "once":
        return f"{too_late}.", f"{NOT_RUNNING}; only the latest moment is made up for."
    most = "only the latest moment is" if misfire.max_catch_up == 1 else f"only the latest {misfire.max_catch_up:,} are"
    return f"{too_late}.", f"{NOT_RUNNING}; {most} made up for."


def _span(length: timedelta) -> str:
    seconds = int(length.total_seconds())
    units = (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1))
    name, size = next((unit for unit in units if seconds >= unit[1] and seconds % unit[1] == 0), units[-1])
    count = seconds // size
    return f"{count} {name}" if count == 1 else f"{count} {name}s"
