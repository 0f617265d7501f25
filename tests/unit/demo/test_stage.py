from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from demo.stage import Stage, place_orders
from libs.client import ApiProblem
from libs.client.answers import Accepted, Occurrence, Schedule
from libs.common.errors import TransientFailure

BEGIN = datetime(2026, 1, 1, 12, tzinfo=UTC)
PASSED = ApiProblem(422, "The moment has passed.", (("schedule_config.at", "It has passed."),))


class Api:
    """Takes orders; its answers to schedules that are due once come from `answers`."""

    def __init__(self, *answers: str) -> None:
        self._answers = iter(answers)
        self.moments: list[str] = []
        self.came_due: set[UUID] = set()
        self.deleted: list[UUID] = []

    def create_schedule(
        self, name: str, report_type: str, *, frequency: str, schedule_config: Mapping[str, Any], **_: Any
    ) -> Schedule:
        schedule = Schedule(id=uuid4(), name=name, version=1, active=True, in_words=report_type, next_run_at=BEGIN)
        if frequency != "once":
            return schedule
        self.moments.append(schedule_config["at"])
        answer = next(self._answers)
        if answer == "refused":
            raise PASSED
        if answer == "no":
            raise ApiProblem(422, "No such template.", (("report_type", "There is none."),))
        if answer == "in time":
            return schedule
        if answer == "in time, and it came due":
            self.came_due.add(schedule.id)
        return Schedule(id=schedule.id, name=name, version=1, active=True, in_words=report_type, next_run_at=None)

    def executions(self, schedule_id: UUID) -> Sequence[Occurrence]:
        occurrence = Occurrence(id=uuid4(), scheduled_for=BEGIN, status="started")
        return [occurrence] if schedule_id in self.came_due else []

    def delete_schedule(self, schedule_id: UUID) -> None:
        self.deleted.append(schedule_id)

    def order_report(self, report_type: str, **_: Any) -> Accepted:
        return Accepted(id=uuid4(), status="queued")


def order(api: Api) -> Stage:
    clock: Iterator[datetime] = (BEGIN + timedelta(minutes=minute) for minute in range(100))
    return place_orders(api, lambda: next(clock), lambda _: None)  # type: ignore[arg-type]


def test_a_schedule_in_time_is_created_once() -> None:
    api = Api("in time")

    order(api)

    assert api.moments == ["2026-01-01T12:00:02+00:00"]
    assert api.deleted == []


def test_a_schedule_that_came_due_before_the_answer_is_kept() -> None:
    api = Api("in time, and it came due")

    stage = order(api)

    assert {stage.scheduled.id} == api.came_due
    assert api.deleted == []


@pytest.mark.parametrize(("late", "deleted"), [("too late", 1), ("refused", 0)])
def test_a_schedule_that_can_never_come_due_is_replaced(late: str, deleted: int) -> None:
    api = Api(late, "in time")

    stage = order(api)

    assert api.moments == ["2026-01-01T12:00:02+00:00", "2026-01-01T12:01:02+00:00"]
    assert len(api.deleted) == deleted
    assert stage.scheduled.id not in api.deleted


def test_an_api_that_is_always_too_late_is_given_up() -> None:
    with pytest.raises(TransientFailure, match="5 tries"):
        order(Api(*["too late"] * 5))


def test_any_other_refusal_ends_the_demo() -> None:
    with pytest.raises(ApiProblem, match="No such template"):
        order(Api("no", "in time"))
