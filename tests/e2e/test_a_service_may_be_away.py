"""Services are stopped and killed while reports are under way; each letter still arrives exactly once."""

from __future__ import annotations

from collections import Counter

import pytest
from e2e_world import World, eventually


def test_a_letter_arrives_while_the_api_is_down_and_the_history_is_complete_afterwards(world: World) -> None:
    schedule = world.schedule_once("Without the api", seconds=4, formats=["csv"], recipients=["ann@away.example.org"])
    world.instance.stop_service("api")
    try:
        eventually(lambda: world.letters_to("ann@away.example.org") or None)
    finally:
        world.instance.start_service("api")
    occurrence = world.occurrence(schedule.id)
    assert (occurrence.status, list(occurrence.sent_to)) == ("success", ["ann@away.example.org"])


def test_a_schedule_saved_while_the_scheduler_is_down_fires_once_it_is_back(world: World) -> None:
    world.instance.stop_service("scheduler")
    schedule = world.schedule_once("Later", seconds=0.5, formats=["csv"], recipients=["ann@later.example.org"])
    world.instance.start_service("scheduler")
    assert world.occurrence(schedule.id).status == "success"
    assert len(world.letters_to("ann@later.example.org")) == 1


@pytest.mark.parametrize("service", ["scheduler", "generator", "mailer", "api"])
def test_each_letter_arrives_exactly_once_though_a_service_is_killed(world: World, service: str) -> None:
    domain = f"{service}.kill.example.org"
    schedules = [
        world.schedule_once(
            f"{service} {number}",
            seconds=2,
            formats=["xlsx", "csv"],
            recipients=[f"ann{number}@{domain}", f"bo{number}@{domain}"],
        )
        for number in range(5)
    ]
    orders = [
        world.api.order_report("orders", formats=["pdf"], priority="high", recipients=[f"cy{number}@{domain}"])
        for number in range(5)
    ]
    # In the middle of it: the first letters are out, the others are not.
    eventually(lambda: world.letters_by_address(domain) or None)
    killed = world.kill(service)

    reports = [world.report(order.id) for order in orders]
    for schedule in schedules:
        report_id = world.occurrence(schedule.id).report_id
        assert report_id is not None
        reports.append(world.report(report_id))
    states = Counter(delivery.state for report in reports for delivery in report.deliveries)
    # A mailer that dies between the final dot and the answer cannot know, so it says that it does not.
    allowed = {"sent", "unknown"} if service == "mailer" else {"sent"}
    assert states.total() == 15
    assert set(states) <= allowed, states
    people = [f"{name}{number}@{domain}" for number in range(5) for name in ("ann", "bo", "cy")]
    letters = world.letters_by_address(domain)
    assert letters <= Counter(people), "somebody has two letters"
    assert (Counter(people) - letters).total() <= states["unknown"], "somebody has none, and nothing says so"
    assert eventually(lambda: world.instance.pid(service) or None) != killed
