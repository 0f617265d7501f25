"""Reports that somebody asks for: recorded and ordered in one transaction."""

from __future__ import annotations

from typing import Any

from libs.common.messages import GenerateReport


def test_a_request_orders_a_report_on_its_queue(with_template: Any) -> None:
    body = {
        "report_type": "delays",
        "parameters": {"month": 2},
        "formats": ["pdf"],
        "priority": "urgent",
        "recipients": ["Ann@example.com"],
        "subject": "February",
        "body": "Here it is.",
    }
    answer = with_template.post("/reports/", body)
    assert answer.status_code == 202
    accepted = answer.json()
    assert accepted["status"] == "queued"
    assert accepted["links"]["progress"] == f"/api/v1/reports/{accepted['id']}/progress/"
    assert answer.headers["Location"] == accepted["links"]["self"] == f"/api/v1/reports/{accepted['id']}"
    (command,) = with_template.announced()
    assert isinstance(command, GenerateReport)
    assert (str(command.report_id), command.occurrence_id, command.order.priority) == (accepted["id"], None, "urgent")
    assert [(one.name, one.value) for one in command.order.parameters] == [("month", 2)]
    assert command.order.formats == ("pdf",)
    assert command.order.delivery.recipients[0].address == "ann@example.com"
    assert (command.order.delivery.subject, command.order.delivery.body) == ("February", "Here it is.")


def test_what_is_left_out_comes_from_the_template(with_template: Any) -> None:
    with_template.made("/reports/", {"report_type": "delays"})
    (command,) = with_template.announced()
    assert [(one.name, one.value) for one in command.order.parameters] == [("month", 1)]
    assert (command.order.formats, command.order.priority) == (("xlsx", "csv"), "normal")
    assert command.order.delivery.recipients == ()


def test_a_new_report_is_shown_as_queued(with_template: Any) -> None:
    made = with_template.made("/reports/", {"report_type": "delays", "recipients": ["ann@example.com"]})
    shown = with_template.get(f"/reports/{made['id']}/").json()
    assert (shown["status"], shown["report_type"], shown["requested_by"]) == ("queued", "delays", "admin")
    assert (shown["occurrence"], shown["artifacts"], shown["deliveries"]) == (None, [], [])
    assert shown["recipients"] == [{"address": "ann@example.com", "name": ""}]
    progress = with_template.get(f"/reports/{made['id']}/progress").json()
    assert (progress["status"], progress["attempt"], progress["stage"]) == ("queued", 0, None)


def test_reports_are_filtered_and_come_in_pages(with_template: Any, template: dict[str, Any]) -> None:
    with_template.made("/templates", {**template, "slug": "other"})
    ids = []
    for _ in range(3):
        with_template.platform.clock.turn(seconds=1)
        ids.append(with_template.made("/reports/", {"report_type": "delays"})["id"])
    with_template.made("/reports/", {"report_type": "other"})
    first = with_template.get("/reports/?report_type=delays&status=queued&limit=2").json()
    assert [item["id"] for item in first["items"]] == [ids[2], ids[1]]
    second = with_template.client.get(first["next"]).json()
    assert ([item["id"] for item in second["items"]], second["next"]) == ([ids[0]], None)
    assert with_template.get("/reports/?status=failed").json()["items"] == []


def test_a_wrong_filter_is_refused(api: Any) -> None:
    problem = api.get("/reports/?limit=0&status=done&schedule=5&cursor=x").json()
    assert {error["field"]: error["detail"] for error in problem["errors"]} == {
        "limit": 'limit must be an integer from 1 to 500, not "0".',
        "status": (
            "status must be one of cancelled, completed, delivering, failed, held, partial, queued, retrying, running, "
            'skipped, not "done".'
        ),
        "schedule": 'schedule must be a UUID, not "5".',
    }
    assert api.get("/reports/?cursor=x").json()["errors"][0]["field"] == "cursor"


def test_a_schedule_and_a_report_do_not_share_a_path(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    assert with_template.get(f"/reports/{made['id']}").status_code == 404
    assert with_template.get(f"/reports/schedules/{made['id']}").status_code == 200
