"""What each frequency means: its moments, without regard to start, end and calendar."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from libs.common.messages import Timing
from libs.common.timing import fields
from libs.common.timing.clocks import every_pass, first_instant, first_pass
from libs.common.timing.crons import expression_of, parsed

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rhythm = Callable[[datetime], Iterator[datetime]]
"""The instants (UTC, increasing) strictly after an instant."""


def rhythm(timing: Timing) -> Rhythm:
    """The moments that the frequency asks for; a TimingError, at once, if it makes no sense."""
    fields.check_keys(timing)
    zone = fields.zone_called(timing.timezone)
    if timing.frequency == "interval":
        return _interval(fields.step(timing.config), (timing.starts_at or EPOCH).astimezone(UTC))
    if timing.frequency == "once":
        return _once(once_at(timing, zone))
    expression = expression_of(timing)
    passes = every_pass if len(parsed(expression).hours) == 24 else first_pass
    return lambda after: passes(expression, zone, after)


def once_at(timing: Timing, zone: ZoneInfo) -> datetime:
    """The instant of a `once`."""
    at = fields.at(timing.config)
    return at.astimezone(UTC) if at.tzinfo else first_instant(at, zone)


def _interval(step: timedelta, anchor: datetime) -> Rhythm:
    def after_instant(after: datetime) -> Iterator[datetime]:
        # Counted from the anchor each time, so that no rounding and no late run adds up.
        count = max((after - anchor) // step + 1, 0)
        while True:
            yield anchor + count * step
            count += 1

    return after_instant


def _once(at: datetime) -> Rhythm:
    return lambda after: iter((at,) if at > after else ())
