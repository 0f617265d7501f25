"""When schedules are due: clock changes, zones, bounds, and the sentences that refuse what makes no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from libs.common.errors import PermanentFailure
from libs.common.messages import Timing
from libs.common.timing import TimingError, check, describe, last_moment, moments, next_moment

BERLIN, NEW_YORK, LORD_HOWE = "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"
ZONES = ["UTC", BERLIN, NEW_YORK, LORD_HOWE, "Africa/Casablanca", "Asia/Kolkata", "America/Havana", "Africa/Cairo"]
DAY = timedelta(days=1)


def timing(frequency: Any, zone: str = "UTC", starts_at: str = "", ends_at: str = "", **config: Any) -> Timing:
    return Timing(
        frequency=frequency,
        config=config,
        timezone=zone,
        starts_at=datetime.fromisoformat(starts_at) if starts_at else None,
        ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
    )


def local(moment: datetime, zone: str) -> str:
    """How the moment reads on a wall clock, with its offset, like `03-29 03:00+02:00`."""
    return moment.astimezone(ZoneInfo(zone)).isoformat(" ", "minutes")[5:]


def first(count: int, schedule: Timing, after: str) -> list[str]:
    return [local(moment, schedule.timezone) for moment in islice(moments(schedule, instant(after)), count)]


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


# What the frequencies mean ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (timing("daily", hour=8, minute=15), ["05-06 08:15", "05-07 08:15"]),
        (timing("daily", hour=8), ["05-06 08:00", "05-07 08:00"]),
        (timing("weekly", day_of_week=0, hour=8, minute=0), ["05-11 08:00", "05-18 08:00"]),
        (timing("weekly", day_of_week=6, hour=9, minute=30), ["05-10 09:30", "05-17 09:30"]),
        (timing("weekly", day_of_week=[4, 1], hour=9), ["05-08 09:00", "05-12 09:00"]),
        (timing("monthly", day_of_month=1, hour=7), ["06-01 07:00", "07-01 07:00"]),
        (timing("monthly", day_of_month="last", hour=7), ["05-31 07:00", "06-30 07:00"]),
        (timing("monthly", day_of_month=[15, "last", 1], hour=7), ["05-15 07:00", "05-31 07:00", "06-01 07:00"]),
        (timing("monthly", day_of_month=31, hour=7), ["05-31 07:00", "07-31 07:00"]),
        (timing("cron", cron="0 8 * * 1-5"), ["05-06 08:00", "05-07 08:00", "05-08 08:00", "05-11 08:00"]),
        (timing("cron", cron="0 8 * * mon,WED"), ["05-06 08:00", "05-11 08:00"]),
        (timing("cron", cron="0 8 * * 0"), ["05-10 08:00", "05-17 08:00"]),
        (timing("cron", cron="0 8 * * 7"), ["05-10 08:00", "05-17 08:00"]),
        (timing("cron", cron="0 8 L * *"), ["05-31 08:00", "06-30 08:00"]),
        (timing("cron", cron="0 8 LW * *"), ["05-29 08:00", "06-30 08:00"]),
        (timing("cron", cron="0 8 * * 5L"), ["05-29 08:00", "06-26 08:00"]),
        (timing("cron", cron="0 8 * * TUE#2"), ["05-12 08:00", "06-09 08:00"]),
        (timing("cron", cron="  0  8 1 jan\t* "), ["01-01 08:00"]),
        (timing("cron", cron="@daily"), ["05-06 00:00", "05-07 00:00"]),
        (timing("cron", cron="@Weekly"), ["05-10 00:00", "05-17 00:00"]),
        (timing("cron", cron="@yearly"), ["01-01 00:00"]),
        (timing("interval", every=90, unit="minutes"), ["05-05 13:30", "05-05 15:00"]),
        (timing("interval", every=5, unit="hours"), ["05-05 13:00", "05-05 18:00"]),
        (timing("interval", every=2, unit="days"), ["05-07 00:00", "05-09 00:00"]),
        (timing("once", at="2026-12-31T18:00:00"), ["12-31 18:00"]),
        (timing("once", at="2026-12-31T18:00:00+02:00"), ["12-31 16:00"]),
    ],
)
def test_each_frequency_is_due_when_its_config_says(schedule: Timing, expected: list[str]) -> None:
    found = first(len(expected), check(schedule), "2026-05-05T12:00:00Z")  # a Tuesday

    assert found == [f"{moment}+00:00" for moment in expected]


def test_a_moment_is_strictly_after_the_given_instant() -> None:
    daily = timing("daily", hour=8)

    assert next_moment(daily, instant("2026-05-05T07:59:59.999999Z")) == instant("2026-05-05T08:00:00Z")
    assert next_moment(daily, instant("2026-05-05T08:00:00Z")) == instant("2026-05-06T08:00:00Z")
    assert next_moment(daily, instant("2026-05-05T08:00:00.000001Z")) == instant("2026-05-06T08:00:00Z")


def test_moments_are_in_utc_whatever_zone_the_question_is_asked_in() -> None:
    moment = next_moment(timing("daily", BERLIN, hour=8), instant("2026-05-05T07:00:00+09:00"))

    assert moment == instant("2026-05-05T06:00:00Z")
    assert moment is not None
    assert moment.tzinfo is UTC


def test_once_is_over_after_its_moment() -> None:
    once = timing("once", BERLIN, at="2026-12-31T18:00:00")

    assert next_moment(once, instant("2026-12-31T16:59:59Z")) == instant("2026-12-31T17:00:00Z")
    assert next_moment(once, instant("2026-12-31T17:00:00Z")) is None


def test_an_interval_is_counted_from_its_start_and_does_not_drift() -> None:
    schedule = timing("interval", starts_at="2026-05-05T12:07:13Z", every=7, unit="hours")

    assert next_moment(schedule, instant("2020-01-01T00:00:00Z")) == instant("2026-05-05T12:07:13Z")
    assert next_moment(schedule, instant("2026-05-05T12:07:14Z")) == instant("2026-05-05T19:07:13Z")
    assert next_moment(schedule, instant("2036-05-05T00:00:00Z")) == instant("2036-05-05T01:07:13Z")


def test_start_and_end_belong_to_the_schedule() -> None:
    schedule = timing("daily", starts_at="2026-05-05T08:00:00Z", ends_at="2026-05-07T10:00:00+02:00", hour=8)

    assert first(9, schedule, "2026-01-01T00:00:00Z") == [
        "05-05 08:00+00:00",
        "05-06 08:00+00:00",
        "05-07 08:00+00:00",
    ]
    assert next_moment(schedule, instant("2026-05-07T08:00:00Z")) is None


# Clock changes ---------------------------------------------------------------------------------------------

# Berlin: 2026-03-29 02:00 -> 03:00 and 2026-10-25 03:00 -> 02:00.
# New York: 2026-03-08 02:00 -> 03:00 and 2026-11-01 02:00 -> 01:00.
# Lord Howe moves by half an hour: 2026-04-05 02:00 -> 01:30 and 2026-10-04 02:00 -> 02:30.


@pytest.mark.parametrize(
    ("zone", "hour", "minute", "after", "expected"),
    [
        (BERLIN, 1, 59, "2026-03-28T12:00:00Z", ["03-29 01:59+01:00", "03-30 01:59+02:00"]),
        (BERLIN, 2, 0, "2026-03-27T12:00:00Z", ["03-28 02:00+01:00", "03-29 03:00+02:00", "03-30 02:00+02:00"]),
        (BERLIN, 2, 30, "2026-03-28T12:00:00Z", ["03-29 03:00+02:00", "03-30 02:30+02:00"]),
        (BERLIN, 3, 0, "2026-03-28T12:00:00Z", ["03-29 03:00+02:00", "03-30 03:00+02:00"]),
        (BERLIN, 2, 0, "2026-10-24T12:00:00Z", ["10-25 02:00+02:00", "10-26 02:00+01:00"]),
        (BERLIN, 2, 30, "2026-10-24T12:00:00Z", ["10-25 02:30+02:00", "10-26 02:30+01:00"]),
        (BERLIN, 3, 0, "2026-10-24T12:00:00Z", ["10-25 03:00+01:00", "10-26 03:00+01:00"]),
        # Asked within the second pass of the repeated hour: 02:30 has been in the first.
        (BERLIN, 2, 30, "2026-10-25T01:10:00Z", ["10-26 02:30+01:00"]),
        (NEW_YORK, 2, 30, "2026-03-07T12:00:00Z", ["03-08 03:00-04:00", "03-09 02:30-04:00"]),
        (NEW_YORK, 1, 30, "2026-10-31T12:00:00Z", ["11-01 01:30-04:00", "11-02 01:30-05:00"]),
        (NEW_YORK, 2, 0, "2026-10-31T12:00:00Z", ["11-01 02:00-05:00", "11-02 02:00-05:00"]),
        (LORD_HOWE, 2, 0, "2026-10-03T02:00:00Z", ["10-04 02:30+11:00", "10-05 02:00+11:00"]),
        (LORD_HOWE, 2, 15, "2026-10-03T02:00:00Z", ["10-04 02:30+11:00", "10-05 02:15+11:00"]),
        (LORD_HOWE, 2, 30, "2026-10-03T02:00:00Z", ["10-04 02:30+11:00", "10-05 02:30+11:00"]),
        (LORD_HOWE, 1, 45, "2026-04-04T02:00:00Z", ["04-05 01:45+11:00", "04-06 01:45+10:30"]),
        (LORD_HOWE, 2, 0, "2026-04-04T02:00:00Z", ["04-05 02:00+10:30", "04-06 02:00+10:30"]),
        # Clocks that change at midnight: the day begins at 01:00, or twice.
        ("America/Havana", 0, 30, "2026-03-07T12:00:00Z", ["03-08 01:00-04:00", "03-09 00:30-04:00"]),
        ("America/Havana", 0, 30, "2026-10-31T12:00:00Z", ["11-01 00:30-04:00", "11-02 00:30-05:00"]),
        ("Africa/Cairo", 0, 0, "2026-04-23T12:00:00Z", ["04-24 01:00+03:00", "04-25 00:00+03:00"]),
        # Samoa left out a whole day to cross the date line: 2011-12-30 begins and ends as the 31st does.
        ("Pacific/Apia", 8, 0, "2011-12-29T12:00:00Z", ["12-29 08:00-10:00", "12-31 00:00+14:00", "12-31 08:00+14:00"]),
    ],
)
def test_a_daily_time_that_is_missing_comes_right_after_the_gap_and_one_that_repeats_comes_once(
    zone: str, hour: int, minute: int, after: str, expected: list[str]
) -> None:
    assert first(len(expected), timing("daily", zone, hour=hour, minute=minute), after) == expected


@pytest.mark.parametrize(
    ("cron", "zone", "after", "expected"),
    [
        # Every hour: nothing in the hour left out, both passes of the repeated one.
        ("0 * * * *", BERLIN, "2026-03-29T00:00:00Z", ["03:00+02:00", "04:00+02:00"]),
        ("0 * * * *", BERLIN, "2026-10-24T23:30:00Z", ["02:00+02:00", "02:00+01:00", "03:00+01:00"]),
        ("30 * * * *", NEW_YORK, "2026-03-08T06:00:00Z", ["01:30-05:00", "03:30-04:00"]),
        ("30 * * * *", NEW_YORK, "2026-11-01T05:00:00Z", ["01:30-04:00", "01:30-05:00", "02:30-05:00"]),
        ("@hourly", NEW_YORK, "2026-11-01T04:30:00Z", ["01:00-04:00", "01:00-05:00", "02:00-05:00"]),
        # Every 15 minutes: 15 minutes apart, whatever the wall clock does.
        ("*/15 * * * *", BERLIN, "2026-03-29T00:40:00Z", ["01:45+01:00", "03:00+02:00", "03:15+02:00"]),
        ("*/15 * * * *", BERLIN, "2026-10-25T00:40:00Z", ["02:45+02:00", "02:00+01:00", "02:15+01:00"]),
        ("*/15 * * * *", LORD_HOWE, "2026-04-04T14:40:00Z", ["01:45+11:00", "01:30+10:30", "01:45+10:30"]),
        ("*/15 * * * *", LORD_HOWE, "2026-10-03T15:10:00Z", ["01:45+10:30", "02:30+11:00", "02:45+11:00"]),
        # Half an hour is shorter than an hour: what the wall clock shows counts.
        ("45 * * * *", LORD_HOWE, "2026-04-04T14:44:00Z", ["01:45+11:00", "01:45+10:30", "02:45+10:30"]),
        ("45 * * * *", LORD_HOWE, "2026-04-04T14:46:00Z", ["01:45+10:30", "02:45+10:30"]),
        ("15 * * * *", LORD_HOWE, "2026-10-03T14:30:00Z", ["01:15+10:30", "03:15+11:00"]),
        # Naming every hour in another way means the same.
        ("0 0-23 * * *", BERLIN, "2026-10-24T23:30:00Z", ["02:00+02:00", "02:00+01:00", "03:00+01:00"]),
        ("0 */1 * * *", BERLIN, "2026-03-29T00:00:00Z", ["03:00+02:00", "04:00+02:00"]),
        # Certain hours only: each local time once, the missing one right after the gap.
        ("0 */2 * * *", BERLIN, "2026-03-28T22:30:00Z", ["00:00+01:00", "03:00+02:00", "04:00+02:00"]),
        ("0 */2 * * *", BERLIN, "2026-10-24T21:30:00Z", ["00:00+02:00", "02:00+02:00", "04:00+01:00"]),
        ("*/15 2 * * *", BERLIN, "2026-03-28T12:00:00Z", ["03:00+02:00", "02:00+02:00", "02:15+02:00"]),
        ("0,30 2,3 * * *", BERLIN, "2026-03-28T12:00:00Z", ["03:00+02:00", "03:30+02:00", "02:00+02:00"]),
        ("*/30 2 * * *", BERLIN, "2026-10-24T12:00:00Z", ["02:00+02:00", "02:30+02:00", "02:00+01:00"]),
        # Every hour of certain days, one of which has a clock change.
        ("0 * * * MON", BERLIN, "2026-10-24T12:00:00Z", ["00:00+01:00", "01:00+01:00"]),
        ("30 * 25 10 *", BERLIN, "2026-01-01T00:00:00Z", ["00:30+02:00", "01:30+02:00", "02:30+02:00", "02:30+01:00"]),
    ],
)
def test_a_cron_across_a_clock_change(cron: str, zone: str, after: str, expected: list[str]) -> None:
    found = first(len(expected), timing("cron", zone, cron=cron), after)

    assert [moment[6:] for moment in found] == expected


def test_an_interval_knows_no_clock_changes() -> None:
    schedule = timing("interval", BERLIN, every=45, unit="minutes")
    found = list(islice(moments(schedule, instant("2026-03-28T20:00:00Z")), 50))

    assert {later - earlier for earlier, later in pairwise(found)} == {timedelta(minutes=45)}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        ("2026-03-29T02:30:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25T02:30:00", "2026-10-25T00:30:00Z"),
        ("2026-10-25T02:30:00+01:00", "2026-10-25T01:30:00Z"),
    ],
)
def test_once_follows_the_clock_change_unless_it_carries_an_offset(at: str, expected: str) -> None:
    assert next_moment(timing("once", BERLIN, at=at), instant("2026-01-01T00:00:00Z")) == instant(expected)


# Properties ------------------------------------------------------------------------------------------------

instants = st.integers(0, 45 * 365 * 86_400).map(
    lambda second: datetime(2000, 1, 1, tzinfo=UTC) + timedelta(seconds=second)
)
hours, minutes = st.integers(0, 23), st.integers(0, 59)
zones = st.sampled_from(ZONES)


@st.composite
def crons(draw: st.DrawFn) -> str:
    """Cron expressions that are due at least a few times a year."""
    minute = draw(st.sampled_from(["*/15", "*/7", "0", "0,30", "5-10"]) | minutes.map(str))
    hour = draw(st.sampled_from(["*", "*/2", "0-3", "1,2", "8-18/5"]) | hours.map(str))
    day = draw(st.sampled_from(["*", "*", "L", "LW", "1,15", "29-31"]))
    weekday = draw(st.sampled_from(["*", "*", "MON-FRI", "0", "7", "5L", "SUN#1"]))
    return f"{minute} {hour} {day} * {weekday}"


timings = st.one_of(
    st.builds(lambda zone, hour, minute: timing("daily", zone, hour=hour, minute=minute), zones, hours, minutes),
    st.builds(
        lambda zone, days, hour: timing("weekly", zone, day_of_week=days, hour=hour),
        zones,
        st.lists(st.integers(0, 6), min_size=1),
        hours,
    ),
    st.builds(
        lambda zone, days, hour: timing("monthly", zone, day_of_month=days, hour=hour),
        zones,
        st.lists(st.integers(1, 31) | st.just("last"), min_size=1),
        hours,
    ),
    st.builds(lambda zone, cron: timing("cron", zone, cron=cron), zones, crons()),
    st.builds(
        lambda every, unit: timing("interval", every=every, unit=unit),
        st.integers(1, 200),
        st.sampled_from(["minutes", "hours", "days"]),
    ),
)
some = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@some
@given(timings, instants)
def test_moments_are_strictly_increasing_and_after_the_start(schedule: Timing, after: datetime) -> None:
    found = [after, *islice(moments(schedule, after), 30)]

    assert all(earlier < later for earlier, later in pairwise(found))


@some
@given(zones, hours, minutes, instants)
@example(BERLIN, 2, 30, instant("2026-03-25T00:00:00Z"))
@example("America/Havana", 0, 0, instant("2026-03-05T00:00:00Z"))
def test_a_daily_schedule_never_skips_a_day_and_never_has_two(
    zone: str, hour: int, minute: int, after: datetime
) -> None:
    found = islice(moments(timing("daily", zone, hour=hour, minute=minute), after), 200)
    days = [moment.astimezone(ZoneInfo(zone)).date() for moment in found]

    assert all(later - earlier == DAY for earlier, later in pairwise(days))


@some
@given(timings, instants, st.floats(0, 1))
@example(timing("cron", LORD_HOWE, cron="45 * * * *"), instant("2026-04-04T12:00:00Z"), 0.4)
def test_moments_are_the_same_from_any_starting_instant(schedule: Timing, after: datetime, part: float) -> None:
    found = list(islice(moments(schedule, after), 30))
    between = after + (found[-1] - after) * part
    rest = [moment for moment in found if moment > between]
    assume(rest)

    assert list(islice(moments(schedule, between), len(rest))) == rest


@some
@given(zones, minutes, instants)
def test_an_hourly_schedule_shows_its_minute_and_never_pauses_for_two_hours(
    zone: str, minute: int, after: datetime
) -> None:
    found = list(islice(moments(timing("cron", zone, cron=f"{minute} * * * *"), after), 60))

    assert {moment.astimezone(ZoneInfo(zone)).minute for moment in found} == {minute}
    assert all(later - earlier < timedelta(hours=2) for earlier, later in pairwise(found))


@some
@given(timings, instants, st.timedeltas(timedelta(0), timedelta(days=40)))
def test_the_last_moment_is_the_one_that_counting_finds(schedule: Timing, after: datetime, span: timedelta) -> None:
    span = min(span, (next(islice(moments(schedule, after), 60, None)) - after))
    counted = [moment for moment in islice(moments(schedule, after), 61) if moment <= after + span]

    assert last_moment(schedule, after, after + span) == (counted[-1] if counted else None)


@settings(max_examples=100, deadline=None)
@given(st.text("0123456789*/,-LW#@? \t²ÄAFGMORSUN", max_size=24) | st.text(max_size=12))
@example("L/2 * * * *")
@example("0 0 L/2 * 1#5")
@example("0 0 * * 1#2/3")
@example("0 0 1,L/2 * *")
def test_any_text_is_either_a_cron_or_refused_in_words(text: str) -> None:
    schedule = timing("cron", BERLIN, cron=text)
    try:
        check(schedule)
    except TimingError:
        with pytest.raises(TimingError, match=r"\.$") as caught:
            check(schedule)
        assert caught.value.field == "schedule_config.cron"
    else:
        assert next_moment(schedule, instant("2026-01-01T00:00:00Z")) is not None


# What is refused -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "field", "words"),
    [
        (timing("daily", hour=24), "schedule_config.hour", "hour is 24; it must be a whole number from 0 to 23."),
        (timing("daily", hour=-1), "schedule_config.hour", "from 0 to 23"),
        (timing("daily", hour="8"), "schedule_config.hour", "hour is '8'"),
        (timing("daily", hour=8.5), "schedule_config.hour", "hour is 8.5"),
        (timing("daily", hour=True), "schedule_config.hour", "hour is True"),
        (timing("daily", hour=None), "schedule_config.hour", "hour is None"),
        (timing("daily", hour=8, minute=60), "schedule_config.minute", "from 0 to 59"),
        (timing("daily", minute=5), "schedule_config.hour", "hour is missing"),
        (timing("daily", hour=8, second=5), "schedule_config.second", "takes hour and minute"),
        (timing("weekly", hour=8), "schedule_config.day_of_week", "day_of_week is missing"),
        (timing("weekly", hour=8, day_of_week=7), "schedule_config.day_of_week", "from 0 (Monday) to 6 (Sunday)"),
        (timing("weekly", hour=8, day_of_week=[]), "schedule_config.day_of_week", "or a list"),
        (timing("weekly", hour=8, day_of_week=[1, "TUE"]), "schedule_config.day_of_week", "or a list"),
        (timing("monthly", hour=8, day_of_month=32), "schedule_config.day_of_month", "from 1 to 31, 'last'"),
        (timing("monthly", hour=8, day_of_month=0), "schedule_config.day_of_month", "from 1 to 31"),
        (timing("monthly", hour=8, day_of_month="first"), "schedule_config.day_of_month", "'last'"),
        (timing("monthly", hour=8, day_of_month=[[1]]), "schedule_config.day_of_month", "or a list"),
        (timing("cron", cron=5), "schedule_config.cron", "must be a text"),
        (timing("cron", cron=""), "schedule_config.cron", "exactly five fields"),
        (timing("cron", cron="* * * * * *"), "schedule_config.cron", "exactly five fields"),
        (timing("cron", cron="60 * * * *"), "schedule_config.cron", "minute is not valid"),
        (timing("cron", cron="0 0 * * MON-"), "schedule_config.cron", "day of week is not valid"),
        (timing("cron", cron="@reboot"), "schedule_config.cron", "no macro; there are @yearly"),
        (timing("cron", cron="0 0 31 2 *"), "schedule_config.cron", "would never be due"),
        (timing("cron", cron="0 0 31 2,4,6,9,11 *"), "schedule_config.cron", "would never be due"),
        (timing("cron", cron="0 0 30 FEB *"), "schedule_config.cron", "would never be due"),
        (timing("interval", every=0, unit="minutes"), "schedule_config.every", "from 1 to"),
        (timing("interval", every=0.5, unit="hours"), "schedule_config.every", "whole number"),
        (timing("interval", every=10**15, unit="days"), "schedule_config.every", "from 1 to 3,660"),
        (timing("interval", every=30, unit="seconds"), "schedule_config.unit", "minutes, hours, days"),
        (timing("interval", every=30), "schedule_config.unit", "unit is missing"),
        (timing("interval", every=1, unit=["days"]), "schedule_config.unit", "minutes, hours, days"),
        (timing("once"), "schedule_config.at", "at is missing"),
        (timing("once", at="tomorrow"), "schedule_config.at", "ISO 8601"),
        (timing("once", at=20261231), "schedule_config.at", "ISO 8601"),
        (timing("once", at="2026-12-31"), "schedule_config.at", "time of day"),
        (timing("once", at="2026-02-29T10:00:00"), "schedule_config.at", "ISO 8601"),
        (timing("once", at="9999-12-31T23:59:59-14:00"), "schedule_config.at", "1970 to 2199"),
        (timing("hourly", hour=1), "frequency", "one of daily, weekly, monthly, cron, interval, once"),
        (timing("daily", "Europe/Bonn", hour=8), "timezone", "'Europe/Bonn' is no time zone"),
        (timing("daily", "Europe", hour=8), "timezone", "IANA"),
        (timing("daily", "", hour=8), "timezone", "IANA"),
        (timing("daily", "../../etc/passwd", hour=8), "timezone", "IANA"),
        (timing("daily", "localtime", hour=8), "timezone", "IANA"),
        (timing("interval", "Nowhere", every=1, unit="days"), "timezone", "IANA"),
        (timing("daily", starts_at="2026-05-05T08:00:00", hour=8), "starts_at", "no offset"),
        (timing("daily", ends_at="9999-05-05T08:00:00Z", hour=8), "ends_at", "1970 to 2199"),
        (
            timing("daily", starts_at="2026-05-05T08:00:00Z", ends_at="2026-05-05T07:00:00Z", hour=8),
            "ends_at",
            "before starts_at",
        ),
        (
            timing("daily", starts_at="2026-05-05T08:00:01Z", ends_at="2026-05-06T07:59:59Z", hour=8),
            "ends_at",
            "never due between",
        ),
        (timing("once", starts_at="2027-01-01T00:00:00Z", at="2026-12-31T18:00:00"), "starts_at", "never due"),
    ],
)
def test_a_timing_that_makes_no_sense_is_refused_by_name(schedule: Timing, field: str, words: str) -> None:
    with pytest.raises(TimingError) as caught:
        check(schedule)

    assert caught.value.field == field
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert isinstance(caught.value, PermanentFailure)


def test_a_wrong_timing_is_refused_when_moments_are_asked_for_and_not_only_when_they_are_taken() -> None:
    with pytest.raises(TimingError):
        moments(timing("daily", hour=99), datetime.now(UTC))


def test_a_leap_day_is_rare_but_comes() -> None:
    assert next_moment(check(timing("cron", cron="0 0 29 2 *")), instant("2026-01-01T00:00:00Z")) == instant(
        "2028-02-29T00:00:00Z"
    )


# Words -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (timing("daily", BERLIN, hour=8), "every day at 08:00 (Europe/Berlin)"),
        (timing("weekly", BERLIN, day_of_week=0, hour=8, minute=5), "every Monday at 08:05 (Europe/Berlin)"),
        (timing("weekly", day_of_week=[6, 0, 2], hour=8), "every Monday, Wednesday and Sunday at 08:00 (UTC)"),
        (
            timing("monthly", day_of_month=[1, "last"], hour=8),
            "on day 1 and the last day of every month at 08:00 (UTC)",
        ),
        (timing("cron", cron="0 8 * * 1-5"), "at 08:00 on Monday through Friday (UTC)"),
        (timing("interval", every=15, unit="minutes"), "every 15 minutes"),
        (timing("interval", every=1, unit="hours"), "every hour"),
        (timing("once", BERLIN, at="2026-12-31T18:00:00Z"), "once, on 2026-12-31 at 19:00 (Europe/Berlin)"),
        (
            timing("daily", starts_at="2026-05-05T00:00:00Z", ends_at="2026-06-05T02:00:00+02:00", hour=8),
            "every day at 08:00 (UTC), from 2026-05-05 00:00 UTC, until 2026-06-05 00:00 UTC",
        ),
    ],
)
def test_a_timing_can_be_said_in_words(schedule: Timing, words: str) -> None:
    assert describe(schedule) == words
