"""What becomes of moments that have come: the rule, as values."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.common.messages import Timing
from libs.common.timing import moments
from services.scheduler.reckon import MAX_MISSED, Reckoning, reckon, write_off

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

    assert reckoning == Reckoning(started=at("05T12:00"), missed=[], served_for=at("05T12:00"), next_at=at("05T13:00"))


def test_the_next_moment_is_counted_from_the_present() -> None:
    assert reckoned(HOURLY, "05T12:00", "05T18:20").next_at == at("05T19:00")


def test_after_an_outage_the_latest_moment_starts_and_the_earlier_ones_were_missed() -> None:
    reckoning = reckoned(HOURLY, "05T09:00", "05T12:20")

    assert reckoning.started == at("05T12:00")
    assert [missed.scheduled_for for missed in reckoning.missed] == [at("05T09:00"), at("05T10:00"), at("05T11:00")]
    assert {missed.reason for missed in reckoning.missed} == {"The scheduler was not running at that time."}
    assert reckoning.next_at == at("05T13:00")


@pytest.mark.parametrize(("now", "starts"), [("05T13:00:00", True), ("05T13:00:01", False)])
def test_a_moment_starts_late_only_within_the_time_for_catching_up(now: str, starts: bool) -> None:
    daily = Timing(frequency="daily", config={"hour": 12})

    reckoning = reckoned(daily, "05T12:00", now)

    assert (reckoning.started == at("05T12:00")) is starts
    assert [missed.scheduled_for for missed in reckoning.missed] == ([] if starts else [at("05T12:00")])
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

    assert reckoning.started is None
    assert words in reckoning.missed[-1].reason
    assert reckoning.missed[-1].reason.endswith(".")


def test_a_long_outage_is_announced_in_a_bounded_number_of_words() -> None:
    reckoning = reckoned(EVERY_MINUTE, "01T00:00", "29T12:00:30")
    expected = moments(EVERY_MINUTE, at("01T00:00") - timedelta(seconds=1))

    assert reckoning.started == at("29T12:00")
    assert len(reckoning.missed) == MAX_MISSED
    assert [missed.scheduled_for for missed in reckoning.missed[:-1]] == [next(expected) for _ in range(MAX_MISSED - 1)]
    assert reckoning.missed[-1].scheduled_for == at("29T11:59")
    assert "All moments since 2026-05-01 16:38 UTC were missed as well" in reckoning.missed[-1].reason


@pytest.mark.parametrize("count", [MAX_MISSED - 1, MAX_MISSED, MAX_MISSED + 1])
def test_only_more_missed_moments_than_can_be_listed_are_summed_up(count: int) -> None:
    first = at("01T00:00")
    reckoning = reckon(
        EVERY_MINUTE,
        first,
        until=first + timedelta(minutes=count),
        now=first + timedelta(minutes=count),
        catch_up=timedelta(hours=1),
    )

    assert len(reckoning.missed) == min(count, MAX_MISSED)
    assert reckoning.missed[-1].scheduled_for == first + timedelta(minutes=count - 1)
    assert ("not listed" in reckoning.missed[-1].reason) is (count > MAX_MISSED)


def test_the_last_moment_of_all_leaves_no_next_one() -> None:
    once = Timing(frequency="once", config={"at": "2026-05-05T12:00:00"})

    assert reckoned(once, "05T12:00", "05T12:10").started == at("05T12:00")
    assert reckoned(once, "05T12:00", "05T12:10").next_at is None


def test_a_moment_that_was_promised_is_kept_even_if_the_rules_of_its_zone_have_changed_since() -> None:
    # The stored moment is none of the timing's any more, as after an update of the time zone data.
    reckoning = reckoned(HOURLY, "05T12:30", "05T12:31")

    assert (reckoning.started, reckoning.next_at) == (at("05T12:30"), at("05T13:00"))


def test_what_is_written_off_does_not_start_and_has_no_next_moment() -> None:
    reckoning = write_off(HOURLY, at("05T10:00"), until=at("05T11:30"), reason="The schedule was deleted.")

    assert reckoning.started is None
    assert [missed.scheduled_for for missed in reckoning.missed] == [at("05T10:00"), at("05T11:00")]
    assert {missed.reason for missed in reckoning.missed} == {"The schedule was deleted."}
    assert (reckoning.served_for, reckoning.next_at) == (at("05T11:00"), None)
