"""Days off, limits, jitter and what is said about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.messages import Calendar, Misfire, Timing
from libs.common.timing import (
    TimingError,
    check,
    check_gap,
    check_misfire,
    describe,
    last_moments,
    moments,
    next_expected,
    next_moment,
    offset_of,
    plan,
    warnings,
)

BERLIN = "Europe/Berlin"
BAVARIA = Calendar(name="Works", country="DE", subdivision="BY")
MONDAY = datetime(2026, 12, 21, tzinfo=UTC)  # 24th own day off, 25th and 26th holidays, 26th and 27th weekend
XMAS = Calendar(name="Works", country="DE", dates=(date(2026, 12, 24),))


def timing(frequency: Any = "daily", **more: Any) -> Timing:
    config = more.pop("config", {"hour": 8})
    return Timing(frequency=frequency, config=config, timezone=BERLIN, **more)


def days(schedule: Timing, count: int, after: datetime = MONDAY) -> list[str]:
    return [f"{one.astimezone(UTC):%m-%d %H:%M}" for one in islice(moments(schedule, after), count)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("skip", ["12-21 07:00", "12-22 07:00", "12-23 07:00", "12-28 07:00"]),
        ("previous", ["12-21 07:00", "12-22 07:00", "12-23 07:00", "12-28 07:00"]),
        ("next", ["12-21 07:00", "12-22 07:00", "12-23 07:00", "12-28 07:00"]),
    ],
)
def test_days_off_of_a_daily_schedule_leave_no_second_report_on_a_business_day(rule: Any, expected: list[str]) -> None:
    assert days(timing(calendar=XMAS, on_day_off=rule), 4) == expected


@pytest.mark.parametrize(
    ("rule", "expected"), [("skip", "2027-12-24"), ("previous", "2026-12-23"), ("next", "2026-12-28")]
)
def test_a_moment_on_a_day_off_is_skipped_or_moved(rule: Any, expected: str) -> None:
    christmas_eve = timing("cron", config={"cron": "0 8 24 12 *"}, calendar=XMAS, on_day_off=rule)
    assert f"{next(moments(christmas_eve, MONDAY)):%Y-%m-%d}" == expected


def test_what_is_skipped_is_expected_all_the_same() -> None:
    found = list(islice(plan(timing(calendar=XMAS), MONDAY + timedelta(days=2, hours=12)), 5))
    assert [(one.at.day, one.skipped) for one in found] == [
        (24, "it is a day off in the calendar Works"),
        (25, "it is Christmas Day"),
        (26, "it is Second Day of Christmas"),
        (27, "it is a Sunday"),
        (28, ""),
    ]
    assert next_expected(timing(calendar=XMAS), MONDAY + timedelta(days=3)) == found[0].at


@settings(max_examples=12, deadline=None)
@given(
    days_off=st.frozensets(st.integers(0, 40), max_size=25),
    weekend=st.frozensets(st.integers(0, 6), max_size=3),
    rule=st.sampled_from(["skip", "previous", "next"]),
    hours=st.lists(st.integers(0, 23), min_size=1, max_size=3, unique=True),
    part=st.integers(0, 15 * 24),
)
def test_calendars_keep_the_order_of_moments_and_do_not_depend_on_where_one_begins(
    days_off: frozenset[int], weekend: frozenset[int], rule: Any, hours: list[int], part: int
) -> None:
    dates = tuple(date(2026, 3, 1) + timedelta(days=day) for day in days_off)
    calendar = Calendar(dates=dates, weekend=tuple(weekend))
    cron = {"cron": f"0 {','.join(map(str, hours))} */2 * *"}
    schedule = timing("cron", config=cron, calendar=calendar, on_day_off=rule)
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    whole = list(islice(plan(schedule, begin), 30))

    assert [one.at for one in whole] == sorted({one.at for one in whole})
    since = begin + timedelta(hours=part)
    later = [one for one in whole if one.at > since][:5]
    assert list(islice(plan(schedule, since), len(later))) == later
    working = {one.at.astimezone(ZoneInfo(BERLIN)).date() for one in whole if not one.skipped}
    assert not {day for day in working if day.weekday() in weekend or day in dates}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        ({"day_of_month": "last_business_day", "hour": 8}, ["12-31 07:00", "01-29 07:00", "02-26 07:00"]),
        ({"day_of_month": "first_business_day", "hour": 8}, ["01-01 07:00", "02-01 07:00", "03-01 07:00"]),
        ({"nth": 2, "day_of_week": 1, "hour": 8}, ["01-12 07:00", "02-09 07:00", "03-09 07:00"]),
        ({"nth": "last", "day_of_week": 4, "hour": 8}, ["12-25 07:00", "01-29 07:00", "02-26 07:00"]),
    ],
)
def test_days_of_a_month_have_names(config: dict[str, Any], expected: list[str]) -> None:
    assert days(timing("monthly", config=config), 3) == expected


def test_a_business_day_is_one_of_the_schedules_calendar() -> None:
    calendar = Calendar(country="DE", dates=(date(2026, 12, 31), date(2026, 12, 30)))
    config = {"day_of_month": "last_business_day", "hour": 8}
    assert days(timing("monthly", config=config, calendar=calendar), 1) == ["12-29 07:00"]
    config = {"day_of_month": "first_business_day", "hour": 8}
    assert days(timing("monthly", config=config, calendar=calendar), 1) == ["01-04 07:00"]


def test_a_schedule_ends_after_a_number_of_moments_that_fire() -> None:
    schedule = timing(calendar=XMAS, starts_at=MONDAY, max_occurrences=4)
    assert days(schedule, 9) == ["12-21 07:00", "12-22 07:00", "12-23 07:00", "12-28 07:00"]
    assert next_moment(schedule, MONDAY + timedelta(days=8)) is None


def test_a_schedule_that_begins_late_on_a_day_off_is_not_taken_for_one_that_never_fires() -> None:
    schedule = timing(calendar=XMAS, starts_at=datetime(2061, 12, 25, tzinfo=UTC))
    assert check(schedule) is schedule
    assert next_moment(schedule, MONDAY) == datetime(2061, 12, 27, 7, tzinfo=UTC)


def test_the_last_moments_are_those_that_counting_finds() -> None:
    until = MONDAY + timedelta(days=7, hours=12)
    found = [f"{one:%d}" for one in last_moments(timing(calendar=XMAS), MONDAY, until, 3)]
    assert found == ["22", "23", "28"]
    assert last_moments(timing(calendar=XMAS), MONDAY, MONDAY, 3) == []


def test_the_offset_of_a_schedule_never_changes_and_all_offsets_are_spread() -> None:
    assert offset_of(UUID(int=601), 600) == offset_of(UUID(int=601), 600) == timedelta(seconds=1)
    assert offset_of(uuid4(), 0) == timedelta()
    offsets = [offset_of(UUID(int=number * 7919), 60).total_seconds() for number in range(600)]
    assert set(offsets) == set(range(60))


@pytest.mark.parametrize(
    ("schedule", "field", "words"),
    [
        (timing(calendar=Calendar(country="ZZ")), "calendar.country", "two-letter code"),
        (timing(calendar=Calendar(country="DE", subdivision="XX")), "calendar.subdivision", "those of DE are"),
        (timing(calendar=Calendar(weekend=(0, 1, 2, 3, 4, 5, 6))), "calendar.weekend", "a day must be left"),
        (timing(calendar=Calendar(subdivision="BY")), "calendar.country", "belongs to a country"),
        (
            timing("cron", config={"cron": "0 8 25 12 *"}, calendar=Calendar(country="DE", weekend=())),
            "calendar",
            "all its moments fall on days off",
        ),
        (timing(calendar=XMAS, on_day_off="later"), "on_day_off", "one of skip, previous and next"),  # type: ignore[arg-type]
        (timing(max_occurrences=3), "starts_at", "counts the moments from starts_at on"),
        (timing(max_occurrences=0, starts_at=MONDAY), "max_occurrences", "from 1 to 100,000"),
        (timing(jitter_seconds=-1), "jitter_seconds", "from 0 to 86,400"),
        (timing("monthly", config={"nth": 6, "day_of_week": 1, "hour": 8}), "schedule_config.nth", "from 1 to 5"),
        (
            timing("monthly", config={"nth": 1, "day_of_week": [1, 2], "hour": 8}),
            "schedule_config.day_of_week",
            "single day",
        ),
        (timing("monthly", config={"nth": 1, "hour": 8}), "schedule_config.day_of_week", "is missing"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(schedule: Timing, field: str, words: str) -> None:
    with pytest.raises(TimingError) as caught:
        check(schedule)
    assert (caught.value.field, words in str(caught.value)) == (field, True), str(caught.value)


@pytest.mark.parametrize(
    ("misfire", "field"),
    [
        (Misfire(max_catch_up=0), "max_catch_up"),
        (Misfire(max_catch_up=1001), "max_catch_up"),
        (Misfire(max_lateness_seconds=-1), "max_lateness_seconds"),
    ],
)
def test_a_misfire_policy_has_bounds(misfire: Misfire, field: str) -> None:
    with pytest.raises(TimingError) as caught:
        check_misfire(misfire)
    assert caught.value.field == field


def test_reports_may_not_follow_each_other_too_fast() -> None:
    every_five = timing("cron", config={"cron": "*/5 * * * *"})
    check_gap(every_five, timedelta(minutes=5))
    with pytest.raises(TimingError, match="every 5 min; the shortest time between two reports is 10 min"):
        check_gap(every_five, timedelta(minutes=10))


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (timing(), []),
        (timing("monthly", config={"day_of_month": 31, "hour": 8}), []),
        (timing("cron", config={"cron": "0 8 31 1,5 *"}), ["This schedule fires 2 times a year."]),
        (timing("cron", config={"cron": "0 8 * * 6"}, calendar=Calendar()), ["This schedule will never fire."]),
        (
            timing("cron", config={"cron": "0 8 * * 5-7"}, calendar=Calendar()),
            ["The calendar skips 104 of the next 156 moments."],
        ),
    ],
)
def test_what_may_not_be_meant_is_said(schedule: Timing, expected: list[str]) -> None:
    assert warnings(schedule, MONDAY) == expected


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (
            timing(
                "weekly",
                config={"day_of_week": 0, "hour": 8},
                calendar=Calendar(country="DE", subdivision="BY", weekend=()),
            ),
            "every Monday at 08:00 (Europe/Berlin), not on public holidays of BY (DE)",
        ),
        (
            timing("monthly", config={"day_of_month": "last_business_day", "hour": 8}),
            "on the last business day of every month at 08:00 (Europe/Berlin)",
        ),
        (
            timing("monthly", config={"nth": 2, "day_of_week": 1, "hour": 8}, starts_at=MONDAY, max_occurrences=3),
            "on the second Tuesday of every month at 08:00 (Europe/Berlin), from 2026-12-21 00:00 UTC, 3 times",
        ),
        (
            timing(calendar=Calendar(name="Works", dates=(date(2026, 12, 24),), weekend=(4,)), on_day_off="previous"),
            "every day at 08:00 (Europe/Berlin), on the business day before Fridays and days off of Works",
        ),
    ],
)
def test_a_calendar_can_be_said_in_words(schedule: Timing, words: str) -> None:
    assert describe(schedule) == words
