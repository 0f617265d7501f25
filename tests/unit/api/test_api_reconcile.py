"""The ledger against what the schedules say, and what can no longer end by itself."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from libs.common import ids
from libs.common.messages import (
    OccurrencesPassed,
    OccurrencesStarted,
    OccurrenceSucceeded,
    ReportFailed,
    ReportGenerated,
    ReportStarted,
    ScheduleSaved,
    StartedOccurrence,
    TimetableRequested,
)
from services.api.reconcile import NOBODY_TOLD, account, announce_asked, close_silent

HOUR = timedelta(hours=1)
EIGHT = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # half an hour after the clock of the tests has started


@pytest.fixture
def hourly(with_template: Any, schedule: dict[str, Any]) -> Any:
    timing = {"frequency": "cron", "schedule_config": {"cron": "0 * * * *"}, "timezone": "UTC"}
    made = with_template.made("/reports/schedules/", {**schedule, **timing})
    with_template.schedule_id = UUID(made["id"])
    return with_template


def start(api: Any, *moments: datetime) -> list[UUID]:
    (event, *_) = [one for one in api.announced() if isinstance(one, ScheduleSaved)]
    started = [
        StartedOccurrence(
            occurrence_id=ids.occurrence_id(api.schedule_id, moment),
            schedule_id=api.schedule_id,
            schedule_version=1,
            scheduled_for=moment,
            report_id=ids.report_id(ids.occurrence_id(api.schedule_id, moment)),
            order=event.order,
            jitter_seconds=3,
        )
        for moment in moments
    ]
    api.hear(OccurrencesStarted(at=moments[-1] + timedelta(seconds=5), started=tuple(started)))
    return [one.report_id for one in started]


def passed(api: Any, outcome: Any, *moments: datetime) -> None:
    api.hear(
        OccurrencesPassed(
            at=moments[-1],
            schedule_id=api.schedule_id,
            schedule_version=1,
            outcome=outcome,
            moments=moments,
            reason="It is a Sunday.",
        )
    )


def executions(api: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.get(f"/reports/schedules/{api.schedule_id}/executions").json()["items"]
    return items


def test_what_the_ledger_lacks_is_counted_until_somebody_tells_of_it(hourly: Any) -> None:
    clock = hourly.platform.clock
    assert account(hourly.platform) == 0
    clock.turn(hours=3)  # 10:30
    assert account(hourly.platform) == 3

    start(hourly, EIGHT)
    passed(hourly, "missed", EIGHT + 2 * HOUR)
    assert account(hourly.platform) == 1
    passed(hourly, "skipped", EIGHT + HOUR)
    assert account(hourly.platform) == 0
    assert [one["status"] for one in executions(hourly)] == ["missed", "skipped", "started"]
    clock.turn(minutes=44)  # 11:14: the moment of 11:00 has another minute
    assert account(hourly.platform) == 0
    clock.turn(minutes=2)
    assert account(hourly.platform) == 1


def test_a_paused_schedule_expects_nothing_and_a_resumed_one_nothing_of_its_sleep(hourly: Any) -> None:
    hourly.patch(f"/reports/schedules/{hourly.schedule_id}/", {"active": False})
    hourly.platform.clock.turn(hours=5)
    assert account(hourly.platform) == 0
    hourly.patch(f"/reports/schedules/{hourly.schedule_id}/", {"active": True})
    assert account(hourly.platform) == 0
    hourly.platform.clock.turn(hours=1)
    assert account(hourly.platform) == 1


def test_a_moment_that_nobody_ever_tells_of_is_missed_at_last(hourly: Any) -> None:
    hourly.platform.clock.turn(hours=26)  # 09:30 of the next day
    assert account(hourly.platform) == 26 - 2
    missed = [one for one in executions(hourly) if one["status"] == "missed"]
    assert [(one["scheduled_for"], one["error"]) for one in missed] == [
        ("2026-03-02T09:00:00Z", NOBODY_TOLD),
        ("2026-03-02T08:00:00Z", NOBODY_TOLD),
    ]


def test_lateness_does_not_count_what_was_asked_for(hourly: Any) -> None:
    start(hourly, EIGHT)
    assert [one["lateness_seconds"] for one in executions(hourly)] == [2.0]


def test_a_report_of_which_nothing_is_heard_ends_and_what_is_heard_later_stands(hourly: Any) -> None:
    (report,) = start(hourly, EIGHT)
    hourly.hear(ReportStarted(at=EIGHT + timedelta(seconds=9), report_id=report, attempt=1))
    hourly.platform.clock.turn(hours=24)
    close_silent(hourly.platform)
    assert executions(hourly)[0]["status"] == "started"
    hourly.platform.clock.turn(hours=1)
    close_silent(hourly.platform)

    (one,) = executions(hourly)
    assert (one["status"], one["error"]) == (
        "failed",
        "Nothing was heard of this report for 24 hours, so it will not end by itself.",
    )
    assert hourly.get(f"/reports/{report}").json()["status"] == "failed"
    hourly.hear(
        ReportFailed(
            at=EIGHT + HOUR,
            report_id=report,
            attempt=1,
            stage="query",
            error_class="permanent",
            reason="No such table.",
        )
    )
    assert executions(hourly)[0]["error"] == "No such table."


def test_a_timetable_that_was_lost_gets_every_schedule_since_what_is_accounted_for(
    hourly: Any, schedule: dict[str, Any]
) -> None:
    paused = hourly.made("/reports/schedules/", {**schedule, "active": False})
    start(hourly, EIGHT)
    hourly.platform.clock.turn(hours=4)
    account(hourly.platform)
    before = len(hourly.announced())

    hourly.hear(TimetableRequested(at=hourly.platform.now))
    assert announce_asked(hourly.platform)
    assert not announce_asked(hourly.platform)

    (event,) = hourly.announced()[before:]
    assert (event.schedule_id, event.version) == (hourly.schedule_id, 1)
    assert event.at == EIGHT + HOUR - timedelta(microseconds=1)
    assert str(event.schedule_id) != paused["id"]


@pytest.mark.parametrize("asks", [True, False])
def test_a_schedule_that_asks_for_its_last_success_is_told_of_it(hourly: Any, asks: bool) -> None:
    body = "Since {{last_success_at}}" if asks else "Since yesterday"
    hourly.patch(f"/reports/schedules/{hourly.schedule_id}/", {"body": body})
    (report,) = start(hourly, EIGHT)
    generated = ReportGenerated(
        at=EIGHT + timedelta(seconds=9),
        report_id=report,
        attempt=1,
        artifacts=(),
        deliveries=(),
        rows=3,
        query_seconds=1,
        render_seconds=1,
        store_seconds=1,
    )
    hourly.hear(generated)
    hourly.hear(generated)

    told = [one for one in hourly.announced() if isinstance(one, OccurrenceSucceeded)]
    assert [(one.schedule_id, one.scheduled_for) for one in told] == ([(hourly.schedule_id, EIGHT)] if asks else [])
