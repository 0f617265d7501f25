"""Schedules: every change has a version and is announced."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from libs.common.messages import ScheduleDeleted, SchedulePaused, ScheduleSaved


def test_a_schedule_is_announced_with_all_that_its_order_needs(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", {**schedule, "priority": "high", "subject": "Hi"})
    (event,) = with_template.announced()
    assert isinstance(event, ScheduleSaved)
    assert (str(event.schedule_id), event.version, event.active) == (made["id"], 1, True)
    assert (event.timing.frequency, event.timing.config, event.timing.timezone) == (
        "daily",
        {"hour": 8, "minute": 0},
        "Europe/Berlin",
    )
    order = event.order
    assert (order.template.slug, order.source.name, order.priority) == ("delays", "flights", "high")
    assert order.formats == ("xlsx", "csv")
    assert [(one.name, one.type, one.value) for one in order.parameters] == [("month", "integer", 5)]
    assert [(one.address, one.name) for one in order.delivery.recipients] == [
        ("ann@example.com", ""),
        ("bob@example.com", "Bob"),
    ]
    assert order.delivery.subject == "Hi"


def test_the_answer_says_when_it_runs_next(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    # It is Monday, 2 March 2026, 08:30 in Berlin.
    assert made["next_run_at"] == "2026-03-03T07:00:00Z"
    assert made["in_words"] == "every day at 08:00 (Europe/Berlin)"
    with_template.platform.clock.turn(days=30)
    shown = with_template.get(f"/reports/schedules/{made['id']}/").json()
    assert shown["next_run_at"] == "2026-04-02T06:00:00Z"


@pytest.mark.parametrize(
    ("frequency", "config", "next_run_at"),
    [
        ("weekly", {"day_of_week": 6, "hour": 9, "minute": 30}, "2026-03-08T09:30:00Z"),
        ("monthly", {"day_of_month": "last", "hour": 7}, "2026-03-31T07:00:00Z"),
        ("cron", {"cron": "0 8 * * 1-5"}, "2026-03-02T08:00:00Z"),
        ("interval", {"every": 15, "unit": "minutes"}, "2026-03-02T07:45:00Z"),
        ("once", {"at": "2026-12-31T18:00:00"}, "2026-12-31T18:00:00Z"),
    ],
)
def test_every_frequency_is_understood(
    with_template: Any, schedule: dict[str, Any], frequency: str, config: dict[str, Any], next_run_at: str
) -> None:
    changes = {"frequency": frequency, "schedule_config": config, "timezone": "UTC"}
    assert with_template.made("/reports/schedules/", {**schedule, **changes})["next_run_at"] == next_run_at


def test_recipients_that_differ_by_case_or_blanks_are_one(with_template: Any, schedule: dict[str, Any]) -> None:
    to = [" Ann@Example.com", "ann@example.com ", {"address": "ANN@EXAMPLE.COM", "name": "Ann"}, "bob@example.com"]
    made = with_template.made("/reports/schedules/", {**schedule, "recipients": to})
    assert [one["address"] for one in made["recipients"]] == ["ann@example.com", "bob@example.com"]


def test_a_hundred_recipients_are_allowed(with_template: Any, schedule: dict[str, Any]) -> None:
    many = [f"reader{number}@example.com" for number in range(100)]
    assert len(with_template.made("/reports/schedules/", {**schedule, "recipients": many})["recipients"]) == 100


def test_pausing_and_resuming_are_announced_with_growing_versions(with_template: Any, schedule: dict[str, Any]) -> None:
    path = f"/reports/schedules/{with_template.made('/reports/schedules/', schedule)['id']}"
    paused = with_template.patch(path, {"active": False}).json()
    assert (paused["active"], paused["version"], paused["next_run_at"]) == (False, 2, None)
    resumed = with_template.patch(path, {"active": True}).json()
    assert (resumed["active"], resumed["version"]) == (True, 3)
    assert [(event.version, event.active) for event in with_template.announced()] == [(1, True), (2, False), (3, True)]


def test_a_schedule_that_is_over_may_be_renamed_but_not_resumed(with_template: Any, schedule: dict[str, Any]) -> None:
    over = {**schedule, "frequency": "once", "schedule_config": {"at": "2026-01-01T18:00:00"}, "active": False}
    path = f"/reports/schedules/{with_template.made('/reports/schedules/', over)['id']}"
    assert with_template.patch(path, {"name": "Kept for the record"}).status_code == 200
    resumed = with_template.patch(path, {"active": True})
    assert (resumed.status_code, resumed.json()["errors"][0]["field"]) == (422, "schedule_config.at")


def test_a_change_that_changes_nothing_has_no_version(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    answer = with_template.patch(f"/reports/schedules/{made['id']}", {**schedule, "active": True})
    assert answer.json() == made
    assert len(with_template.announced()) == 1


def test_a_changed_schedule_is_checked_as_a_whole(
    with_template: Any, schedule: dict[str, Any], template: dict[str, Any]
) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    parameters = [{"name": "year", "type": "integer"}]
    with_template.made("/templates", {**template, "slug": "years", "query": "SELECT :year", "parameters": parameters})
    path = f"/reports/schedules/{made['id']}"
    answer = with_template.patch(path, {"report_type": "years"})
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {"parameters.month", "parameters.year"}
    changed = with_template.patch(path, {"report_type": "years", "parameters": {"year": 2013}})
    assert changed.json()["report_type"] == "years"
    assert with_template.announced()[-1].order.template.slug == "years"


def test_formats_can_return_to_those_of_the_template(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", {**schedule, "formats": ["pdf", "pdf"]})
    assert made["formats"] == ["pdf"]
    with_template.patch(f"/reports/schedules/{made['id']}", {"formats": None})
    assert with_template.announced()[-1].order.formats == ("xlsx", "csv")


def test_deleting_is_announced_with_the_next_version(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    path = f"/reports/schedules/{made['id']}/"
    assert with_template.delete(path).status_code == 204
    event = with_template.announced()[-1]
    assert isinstance(event, ScheduleDeleted)
    assert (str(event.schedule_id), event.version) == (made["id"], 2)
    assert with_template.get(path).status_code == 404
    assert with_template.delete(path).status_code == 404


def test_the_scheduler_can_pause_a_schedule_and_a_person_resume_it(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    path = f"/reports/schedules/{made['id']}"
    paused = SchedulePaused(
        at=with_template.platform.now, schedule_id=UUID(made["id"]), version=1, reason="The time zone is gone."
    )
    with_template.hear(paused, paused)
    shown = with_template.get(path).json()
    assert (shown["active"], shown["pause_reason"], shown["version"]) == (False, "The time zone is gone.", 1)
    resumed = with_template.patch(path, {"active": True}).json()
    assert (resumed["active"], resumed["pause_reason"], resumed["version"]) == (True, None, 2)


def test_a_pause_of_an_older_version_is_too_late(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    path = f"/reports/schedules/{made['id']}"
    with_template.patch(path, {"timezone": "UTC"})
    with_template.hear(
        SchedulePaused(at=with_template.platform.now, schedule_id=UUID(made["id"]), version=1, reason="old")
    )
    assert with_template.get(path).json()["active"] is True


def test_schedules_are_listed_by_template_in_pages(
    with_template: Any, schedule: dict[str, Any], template: dict[str, Any]
) -> None:
    with_template.made("/templates", {**template, "slug": "other"})
    with_template.made("/reports/schedules/", {**schedule, "report_type": "other"})
    made = []
    for number in range(5):
        with_template.platform.clock.turn(seconds=number % 2)  # some share a moment
        made.append(with_template.made("/reports/schedules/", {**schedule, "name": f"s{number}"})["id"])
    found: list[str] = []
    path: str | None = "/reports/schedules/?report_type=delays&limit=2"
    while path:
        page = with_template.get(path).json()
        assert len(page["items"]) <= 2
        found += [item["id"] for item in page["items"]]
        path = page["next"] and page["next"].removeprefix("/api/v1")
    assert sorted(found) == sorted(made)
    assert found[0] == made[-1] or found[1] == made[-1]


def test_how_often_is_tried_again_is_for_the_schedule_to_say_and_then_for_its_template(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    api = with_template
    schedule["letters"] = {"max_attempts": 2}
    made = api.made("/reports/schedules/", schedule)
    api.patch("/templates/delays", {"limits": {"max_retries": 0}})
    api.patch(f"/reports/schedules/{made['id']}", {"max_retries": 7})
    saved = [one for one in api.announced() if isinstance(one, ScheduleSaved)]
    assert [one.order.max_retries for one in saved] == [3, 0, 7]
    assert {one.order.delivery.manner.max_attempts for one in saved} == {2}
