"""What becomes of moments that have come: the rule, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

import pytest

from libs.common.messages import Calendar, Misfire, Timing
from libs.common.timing import moments
from services.scheduler.reckon import MAX_STARTED, STEP, Passed, Reckoning, reckon, write_off

HOURLY = Timing(frequency="cron", config={"cron": "0 * * * *"})
EVERY_MINUTE = Timing(frequency="interval", config={"every": 1, "unit": "minutes"})


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-05-{text}").replace(tzinfo=UTC)


def reckoned(
    timing: Timing, first: str, now: str, *, catch_up: timedelta = timedelta(hours=1), **more: Any
) -> Reckoning:
    return reckon(timing, at(first), until=more.get("until", at(now)), now=at(now), catch_up=catch_up)


def test_the_usual_case_is_one_moment_that_starts() -> None:
    reckoning = reckoned(HOURLY, "05T12:00", "05T12:00:01")

    assert reckoning == Reckoning(
        started=[at("05T12:00")], passed=[], served_for=at("05T12:00"), next_at=at("05T13:00")
    )


def test_the_next_moment_is_counted_from_the_present() -> None:
    assert reckoned(HOURLY, "05T12:00", "05T18:20").next_at == at("05T19:00")


def test_after_an_outage_the_latest_moment_starts_and_the_earlier_ones_were_missed() -> None:
    reckoning = reckoned(HOURLY, "05T09:00", "05T12:20", catch_up=timedelta(hours=4))

    assert reckoning.started == [at("05T12:00")]
    assert reckoning.passed == [
        Passed(
            "missed",
            (at("05T09:00"), at("05T10:00"), at("05T11:00")),
            "The scheduler was not running at that time; only the latest moment is made up for.",
        )
    ]
    assert reckoning.next_at == at("05T13:00")


@pytest.mark.parametrize(("now", "starts"), [("05T13:00:00", True), ("05T13:00:01", False)])
def test_a_moment_starts_late_only_within_the_time_for_catching_up(now: str, starts: bool) -> None:
    daily = Timing(frequency="daily", config={"hour": 12})

    reckoning = reckoned(daily, "05T12:00", now)

    assert reckoning.started == ([at("05T12:00")] if starts else [])
    assert [passed.moments for passed in reckoning.passed] == ([] if starts else [(at("05T12:00"),)])
    assert reckoning.next_at == at("06T12:00")
    assert reckoning.served_for == at("05T12:00")


@pytest.mark.parametrize(
    ("catch_up", "words"),
    [
        (timedelta(0), "more than 0 seconds ago"),
        (timedelta(seconds=90), "more than 90 seconds ago"),
        (timedelta(minutes=1), "more than 1 minute ago"),
        (timedelta(hours=2), "more than 2 hours ago"),
        (timedelta(days=1), "more than 1 day ago"),
    ],
)
def test_a_moment_that_is_too_old_says_so(catch_up: timedelta, words: str) -> None:
    monthly = Timing(frequency="monthly", config={"day_of_month": 5, "hour": 1})

    reckoning = reckoned(monthly, "05T01:00", "06T23:00", catch_up=catch_up)

    assert reckoning.started == []
    assert words in reckoning.passed[-1].reason
    assert reckoning.passed[-1].reason.endswith(".")


def test_a_long_outage_is_dealt_with_step_by_step_and_no_moment_is_left_out() -> None:
    first, now = at("01T00:00"), at("04T12:00") + timedelta(seconds=30)
    expected = list(takewhile(lambda moment: moment <= now, moments(EVERY_MINUTE, first - timedelta(seconds=1))))
    told: list[datetime] = []
    started: list[datetime] = []
    steps = 0
    upcoming: datetime | None = first

    while upcoming is not None and upcoming <= now:
        reckoning = reckon(EVERY_MINUTE, upcoming, until=now, now=now, catch_up=timedelta(hours=1))
        told += [moment for passed in reckoning.passed for moment in passed.moments]
        started += reckoning.started
        upcoming = reckoning.next_at
        steps += 1

    assert (told + started, started) == (expected, [at("04T12:00")])
    assert steps == -(-len(expected) // STEP)
    assert upcoming == at("04T12:01")


# Policies --------------------------------------------------------------------------------------------------

QUARTERLY = Timing(frequency="cron", config={"cron": "*/15 * * * *"})


@pytest.mark.parametrize(
    ("misfire", "started"),
    [
        (Misfire(policy="skip"), []),
        (Misfire(policy="skip", max_lateness_seconds=600), ["13:00"]),
        (Misfire(policy="skip", max_lateness_seconds=1500), ["12:45", "13:00"]),
        (Misfire(policy="skip", max_lateness_seconds=86_400, max_catch_up=1), ["13:00"]),
        (Misfire(), ["13:00"]),
        (Misfire(max_lateness_seconds=300), []),
        (Misfire(policy="all", max_catch_up=3), ["12:30", "12:45", "13:00"]),
        (Misfire(policy="all", max_catch_up=9), ["12:00", "12:15", "12:30", "12:45", "13:00"]),
        (Misfire(policy="all", max_catch_up=9, max_lateness_seconds=2400), ["12:30", "12:45", "13:00"]),
    ],
)
def test_after_an_hour_each_policy_starts_what_it_says_and_misses_the_rest(
    misfire: Misfire, started: list[str]
) -> None:
    now = at("05T13:07")
    reckoning = reckon(QUARTERLY, at("05T12:00"), until=now, now=now, catch_up=timedelta(hours=1), misfire=misfire)

    assert [f"{moment:%H:%M}" for moment in reckoning.started] == started
    told = [moment for passed in reckoning.passed for moment in passed.moments]
    assert sorted([*told, *reckoning.started]) == [at("05T12:00") + timedelta(minutes=15 * n) for n in range(5)]
    assert {passed.outcome for passed in reckoning.passed} <= {"missed"}
    assert (reckoning.served_for, reckoning.next_at) == (at("05T13:00"), at("05T13:15"))


def test_a_schedule_that_makes_up_for_many_moments_starts_them_in_steps() -> None:
    misfire, first, now = Misfire(policy="all", max_catch_up=120), at("05T10:00"), at("05T13:00")
    started: list[datetime] = []
    upcoming: datetime | None = first
    while upcoming is not None and upcoming <= now:
        reckoning = reckon(EVERY_MINUTE, upcoming, until=now, now=now, catch_up=timedelta(0), misfire=misfire)
        assert len(reckoning.started) <= MAX_STARTED
        started += reckoning.started
        upcoming = reckoning.next_at

    assert started == [now - timedelta(minutes=back) for back in range(119, -1, -1)]


def test_what_the_calendar_skips_is_neither_missed_nor_made_up_for() -> None:
    daily = Timing(frequency="daily", config={"hour": 8}, calendar=Calendar())
    now = at("11T07:00")  # a Monday, before its moment

    reckoning = reckon(daily, at("07T08:00"), until=now, now=now, catch_up=timedelta(days=7))

    assert reckoning.started == [at("08T08:00")]
    assert [(passed.outcome, [moment.day for moment in passed.moments]) for passed in reckoning.passed] == [
        ("missed", [7]),
        ("skipped", [9]),
        ("skipped", [10]),
    ]


def test_the_last_moment_of_all_leaves_no_next_one() -> None:
    once = Timing(frequency="once", config={"at": "2026-05-05T12:00:00"})

    assert reckoned(once, "05T12:00", "05T12:10").started == [at("05T12:00")]
    assert reckoned(once, "05T12:00", "05T12:10").next_at is None


def test_a_moment_that_was_promised_is_kept_even_if_the_rules_of_its_zone_have_changed_since() -> None:
    # The stored moment is none of the timing's any more, as after an update of the time zone data.
    reckoning = reckoned(HOURLY, "05T12:30", "05T12:31")

    assert (reckoning.started, reckoning.next_at) == ([at("05T12:30")], at("05T13:00"))


def test_what_is_written_off_does_not_start_and_has_no_next_moment() -> None:
    reckoning = write_off(HOURLY, at("05T10:00"), until=at("05T11:30"), reason="The schedule was deleted.")

    assert reckoning.started == []
    assert reckoning.passed == [Passed("missed", (at("05T10:00"), at("05T11:00")), "The schedule was deleted.")]
    assert (reckoning.served_for, reckoning.next_at) == (at("05T11:00"), None)
