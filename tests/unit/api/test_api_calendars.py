"""Calendars, what schedules say about time, and previews."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from libs.common.messages import Calendar, Misfire, ScheduleSaved

MUNICH = {"name": "Munich", "country": "DE", "subdivision": "BY", "dates": ["2026-12-24", "2026-03-05"]}
DAILY = {"frequency": "daily", "schedule_config": {"hour": 8}, "timezone": "Europe/Berlin"}


def saved(api: Any) -> list[ScheduleSaved]:
    return [message for message in api.announced() if isinstance(message, ScheduleSaved)]


def test_a_calendar_is_kept_shown_changed_and_deleted(api: Any) -> None:
    made = api.made("/calendars/", MUNICH, key="once")
    assert (made["dates"], made["weekend"]) == (["2026-03-05", "2026-12-24"], [5, 6])
    assert api.made("/calendars/", MUNICH, key="once") == made
    assert api.get("/calendars/Munich/").json() == made
    assert api.get("/calendars/").json()["items"] == [made]

    changed = api.patch(f"/calendars/{made['id']}/", {"weekend": [6], "dates": []}).json()
    assert (changed["dates"], changed["weekend"], changed["country"]) == ([], [6], "DE")
    assert api.delete("/calendars/Munich/").status_code == 204
    assert api.get("/calendars/Munich/").status_code == 404


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"country": "XX"}, "country", "two-letter code"),
        ({"subdivision": "ZZ"}, "subdivision", "those of DE are: BB"),
        ({"country": ""}, "country", "a subdivision belongs to a country"),
        ({"weekend": [7]}, "weekend[0]", "from 0 to 6"),
        ({"weekend": [0, 1, 2, 3, 4, 5, 6]}, "weekend", "at most 6"),
        ({"dates": ["2026-02-30"]}, "dates[0]", "a date like"),
    ],
)
def test_a_calendar_that_makes_no_sense_is_refused(refused: Any, changes: Any, field: str, words: str) -> None:
    assert words in refused("/calendars/", {**MUNICH, **changes}, field)


def test_a_schedule_travels_with_its_calendar_and_policy_and_follows_a_change_of_it(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    with_template.made("/calendars/", MUNICH)
    made = with_template.made(
        "/reports/schedules/",
        {
            **schedule,
            "calendar": "Munich",
            "on_day_off": "next",
            "jitter_seconds": 600,
            "misfire": "all",
            "max_catch_up": 5,
            "max_lateness_seconds": 7200,
        },
    )
    assert made["in_words"].endswith(
        ", on the business day after public holidays of BY (DE), weekends and days off of Munich"
    )
    assert made["next_run_at"] > "2026-03-03T07:00:00Z"
    refusal = with_template.delete("/calendars/Munich/")
    assert (refusal.status_code, "one schedule keeps to it" in refusal.json()["detail"]) == (409, True)
    with_template.patch("/calendars/Munich/", {"dates": []})

    first, second = saved(with_template)
    assert first.timing.calendar == Calendar(
        name="Munich", country="DE", subdivision="BY", dates=(date(2026, 3, 5), date(2026, 12, 24))
    )
    assert (first.timing.on_day_off, first.timing.jitter_seconds) == ("next", 600)
    assert first.misfire == Misfire(policy="all", max_catch_up=5, max_lateness_seconds=7200)
    assert (second.version, second.timing.calendar) == (2, Calendar(name="Munich", country="DE", subdivision="BY"))


def test_a_number_of_occurrences_is_counted_from_now_on(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", {**schedule, "max_occurrences": 3})
    assert made["starts_at"] == "2026-03-02T07:30:00Z"
    found = with_template.get(f"/reports/schedules/{made['id']}/preview", params={"count": 10}).json()
    assert [moment["local"] for moment in found["moments"]] == [
        "2026-03-03T08:00:00+01:00",
        "2026-03-04T08:00:00+01:00",
        "2026-03-05T08:00:00+01:00",
    ]


def test_a_preview_gives_the_reason_for_every_shift_and_skip(with_template: Any) -> None:
    with_template.made("/calendars/", MUNICH)
    with_template.platform.clock.turn(days=3 + 21)  # Thursday, 26 March
    answer = with_template.post(
        "/reports/schedules/preview",
        {**DAILY, "schedule_config": {"hour": 2, "minute": 30}, "calendar": "Munich", "count": 4},
    ).json()
    assert answer["in_words"].startswith("every day at 02:30 (Europe/Berlin), not on public holidays of BY (DE)")
    assert [(one["local"][5:16], one["fires"], one["reasons"]) for one in answer["moments"]] == [
        ("03-27T02:30", True, []),
        ("03-28T02:30", False, ["skipped: it is a Saturday"]),
        (
            "03-29T03:00",
            False,
            [
                "skipped: it is a Sunday",
                "the clocks go forward: the local time asked for does not exist, so it is 03:00",
            ],
        ),
        ("03-30T02:30", True, []),
    ]
    moved = with_template.post(
        "/reports/schedules/preview",
        {**DAILY, "frequency": "once", "schedule_config": {"at": "2026-12-25T08:00:00"}}
        | {"calendar": "Munich", "on_day_off": "previous"},
    ).json()["moments"]
    assert [(one["local"][:10], one["reasons"]) for one in moved] == [
        ("2026-12-23", ["moved: meant for Friday 2026-12-25, which is Christmas Day"])
    ]


@pytest.mark.parametrize(
    ("timing", "warnings"),
    [
        (DAILY, []),
        (
            {"frequency": "cron", "schedule_config": {"cron": "0 8 1 1,4,7,10 *"}},
            ["This schedule fires 4 times a year."],
        ),
        (
            {"frequency": "cron", "schedule_config": {"cron": "0 8 29 2 *"}},
            ["This schedule will not fire within a year."],
        ),
        ({**DAILY, "ends_at": "2026-03-01T00:00:00Z"}, ["This schedule will never fire."]),
        (
            {"frequency": "weekly", "schedule_config": {"day_of_week": 6, "hour": 8}, "calendar": "Munich"},
            None,
        ),
    ],
)
def test_a_preview_warns_of_what_may_not_be_meant(with_template: Any, timing: dict[str, Any], warnings: Any) -> None:
    with_template.made("/calendars/", MUNICH)
    answer = with_template.post("/reports/schedules/preview", timing)
    if warnings is None:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "calendar")
        assert "all its moments fall on days off" in answer.json()["detail"]
    else:
        assert answer.json()["warnings"] == warnings


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"misfire": "all"}, "max_catch_up", "needs a bound"),
        ({"misfire": "later"}, "misfire", "one of all, once, skip"),
        ({"calendar": "Nowhere"}, "calendar", "there is none called Nowhere"),
        ({"jitter_seconds": -1}, "jitter_seconds", "from 0 to 86,400"),
        ({"max_occurrences": 0}, "max_occurrences", "from 1 to 100,000"),
        ({"frequency": "cron", "schedule_config": {"cron": "0 8 31 2 *"}}, "schedule_config.cron", "never be due"),
        (
            {"frequency": "monthly", "schedule_config": {"nth": 6, "day_of_week": 1, "hour": 8}},
            "schedule_config.nth",
            "1 to 5",
        ),
        ({"timezone": "Europe/Bonn"}, "timezone", "no time zone"),
        ({"subject": "Sales of {{yesteday}}"}, "subject", "there is no yesteday; there are today, yesterday"),
        ({"filename": "../{{today}}"}, "filename", "must consist of letters"),
        ({"filename": "Sales {{today|%d/%m}}"}, "filename", "must consist of letters"),
        ({"filename": "Sales {{yesteday}}"}, "filename", "there is no yesteday"),
        ({"body": "{{today - 7x}}"}, "body", "has the unit x"),
        ({"parameters": {"month": "{{today}}"}}, "parameters.month", "which is no integer"),
    ],
)
def test_what_makes_no_sense_in_time_is_refused(
    refused: Any, schedule: dict[str, Any], changes: dict[str, Any], field: str, words: str
) -> None:
    assert words in refused("/reports/schedules/", {**schedule, **changes}, field)


def test_a_placeholder_is_kept_in_a_schedule_and_resolved_in_a_report_asked_for_now(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    with_template.made(
        "/reports/schedules/", {**schedule, "parameters": {"month": "{{last_month_start|%m}}"}, "subject": "{{today}}"}
    )
    (event,) = saved(with_template)
    assert [one.value for one in event.order.parameters] == ["{{last_month_start|%m}}"]

    with_template.made(
        "/reports/",
        {"report_type": "delays", "parameters": {"month": "{{last_month_start|%m}}"}, "subject": "{{today}}"}
        | {"recipients": ["ann@example.com"]},
    )
    command = with_template.announced()[-1]
    assert [one.value for one in command.order.parameters] == [2]
    assert command.order.delivery.subject == "2026-03-02"
