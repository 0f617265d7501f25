"""Moments as the people of a schedule read them."""

from __future__ import annotations

from datetime import datetime, timedelta

from libs.common.errors import PermanentFailure
from libs.common.timing import next_moment
from libs.common.zones import zone_of
from services.api.tables import ScheduleRow
from services.api.timings import offset, timing_of


def written(instant: datetime, timezone: str) -> str:
    """`Monday, 2 March 2026, 08:00 Europe/Vienna`."""
    local = instant.astimezone(zone_of(timezone))
    return f"{local:%A}, {local.day} {local:%B %Y}, {local:%H:%M} {timezone}"


def short(instant: datetime, timezone: str, now: datetime) -> str:
    """`08:00`, with the day if it is not today: `2 Mar, 08:00`."""
    zone = zone_of(timezone)
    local = instant.astimezone(zone)
    if local.date() == now.astimezone(zone).date():
        return f"{local:%H:%M}"
    return f"{local.day} {local:%b}, {local:%H:%M}"


def next_due(schedule: ScheduleRow, now: datetime, within: datetime | None = None) -> datetime | None:
    """When the schedule is due next, or None if it is not before `within`."""
    if not schedule.active:
        return None
    later: timedelta = offset(schedule)
    try:
        moment = next_moment(timing_of(schedule), now - later)
    except PermanentFailure:
        return None  # the scheduler cannot evaluate it either, and says so
    if moment is None or (within is not None and moment + later > within):
        return None
    return moment + later
