"""Every clock change of ten years, in zones that change in their own ways: no daily report is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest

from libs.common.messages import Timing
from libs.common.timing import moments

ZONES = ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Kolkata"]
FIRST, LAST = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
HOUR, DAY, MINUTE = timedelta(hours=1), timedelta(days=1), timedelta(minutes=1)


def offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    found = instant.astimezone(zone).utcoffset()
    assert found is not None
    return found


@cache
def changes(name: str) -> tuple[datetime, ...]:
    """The instants at which the zone's offset changes, found by looking at it and not by asking the code under test."""
    zone = ZoneInfo(name)
    days = [FIRST + day * DAY for day in range((LAST - FIRST).days)]
    return tuple(_change(zone, begin, end) for begin, end in pairwise(days) if offset(begin, zone) != offset(end, zone))


def _change(zone: ZoneInfo, begin: datetime, end: datetime) -> datetime:
    old = offset(begin, zone)
    while end - begin > MINUTE:
        middle = begin + (end - begin) // 2 // MINUTE * MINUTE
        begin, end = (middle, end) if offset(middle, zone) == old else (begin, middle)
    return end


def walls_around(change: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """Local times every half hour that the change leaves out or repeats, and some before and after."""
    before, after = offset(change - MINUTE, zone), offset(change, zone)
    begin = (change + min(before, after)).replace(tzinfo=None) - HOUR
    for step in range(0, 150 + abs(before - after) // MINUTE, 30):
        yield begin + step * MINUTE


def expected_instant(wall: datetime, change: datetime, zone: ZoneInfo) -> datetime:
    """The rule in two lines: the first instant that shows `wall`; if none does, the change itself."""
    shown = [wall.replace(tzinfo=UTC) - offset(probe, zone) for probe in (change - MINUTE, change)]
    real = [instant for instant in shown if instant.astimezone(zone).replace(tzinfo=None) == wall]
    return min(real, default=change)


@pytest.mark.parametrize(("name", "count"), [*zip(ZONES, (20, 20, 20, 20, 0), strict=True)])
def test_the_zones_change_their_clocks_as_often_as_we_think(name: str, count: int) -> None:
    assert len(changes(name)) == pytest.approx(count, abs=2)


@pytest.mark.parametrize("name", ZONES[:4])
def test_each_local_time_around_each_change_happens_once_where_the_rule_says(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name):
        for wall in walls_around(change, zone):
            timing = Timing(frequency="daily", config={"hour": wall.hour, "minute": wall.minute}, timezone=name)
            wanted = expected_instant(wall, change, zone)
            since = (change - 30 * HOUR, change + 30 * HOUR)
            found = [one for one in islice(moments(timing, since[0]), 4) if one <= since[1]]
            assert wanted in found, f"{wall} in {name}: {found}"
            assert len([one for one in found if abs(one - wanted) < 12 * HOUR]) == 1, f"{wall} in {name}: {found}"


@pytest.mark.parametrize("name", ZONES)
def test_a_daily_report_comes_on_every_day_around_every_change_and_only_once(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name) or (FIRST,):
        wall = change.astimezone(zone)
        timing = Timing(frequency="daily", config={"hour": wall.hour, "minute": wall.minute}, timezone=name)
        found = list(islice(moments(timing, change - 3 * DAY), 6))
        assert all(earlier < later for earlier, later in pairwise(found))
        days = [moment.astimezone(zone).date() for moment in found]
        assert days == [days[0] + number * DAY for number in range(6)], f"around {change} in {name}"


@pytest.mark.parametrize("name", ZONES[:4])
def test_a_moment_is_the_same_from_whatever_instant_one_looks(name: str) -> None:
    zone = ZoneInfo(name)
    for change in changes(name)[::5]:
        local = (change - MINUTE).astimezone(zone)
        timing = Timing(frequency="daily", config={"hour": local.hour, "minute": 30}, timezone=name)
        whole = list(islice(moments(timing, change - 2 * DAY), 4))
        for since in (change - MINUTE, change, change + MINUTE, change + HOUR, *whole[:-1]):
            wanted = next(one for one in whole if one > since)
            assert next(moments(timing, since)) == wanted


@pytest.mark.parametrize("name", ZONES[:4])
def test_a_report_of_every_hour_neither_pauses_nor_doubles(name: str) -> None:
    hourly = Timing(frequency="cron", config={"cron": "0 * * * *"}, timezone=name)
    for change in changes(name)[:6]:
        found = list(islice(moments(hourly, change - 4 * HOUR), 8))
        gaps = {later - earlier for earlier, later in pairwise(found)}
        # Half an hour on Lord Howe, where the minute hand of the wall clock jumps.
        assert gaps <= {HOUR, HOUR / 2, HOUR * 3 / 2}
        assert gaps == {HOUR} or name == "Australia/Lord_Howe"
