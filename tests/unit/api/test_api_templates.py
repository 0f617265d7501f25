"""Templates: checked when saved, and followed by their schedules."""

from __future__ import annotations

from typing import Any

import pytest

from libs.common.messages import ScheduleSaved


def test_one_query_takes_the_title_as_its_name(with_template: Any) -> None:
    shown = with_template.get("/templates/delays").json()
    assert [query["name"] for query in shown["queries"]] == ["Delays by carrier"]
    assert shown["source"]["name"] == "flights"
    assert shown["parameters"] == [
        {"name": "month", "type": "integer", "required": False, "default": 1, "allowed": None}
    ]


def test_a_parameter_without_a_default_is_required(with_template: Any, template: dict[str, Any]) -> None:
    parameters = [{"name": "month", "type": "integer"}]
    made = with_template.made("/templates", {**template, "slug": "new", "parameters": parameters})
    assert made["parameters"][0]["required"] is True
    answer = with_template.post("/reports/", {"report_type": "new"})
    assert answer.json()["detail"] == "parameters.month is missing; it must be an integer."


def test_a_default_date_is_kept_as_iso_text(with_template: Any, template: dict[str, Any]) -> None:
    parameters = [{"name": "day", "type": "date", "default": "20130131", "allowed": ["2013-01-31", "2013-02-28"]}]
    made = with_template.made(
        "/templates", {**template, "slug": "new", "parameters": parameters, "query": "SELECT :day"}
    )
    assert made["parameters"][0]["default"] == "2013-01-31"


def test_a_template_is_found_by_slug_and_by_id(with_template: Any) -> None:
    shown = with_template.get("/templates/delays").json()
    assert with_template.get(f"/templates/{shown['id']}/").json() == shown


def test_a_slug_is_taken_once(with_template: Any, template: dict[str, Any]) -> None:
    answer = with_template.post("/templates", template)
    assert answer.status_code == 409
    assert answer.json()["detail"].startswith("There is a template with the slug delays already;")


def test_a_changed_template_is_announced_for_each_active_schedule(with_template: Any, schedule: dict[str, Any]) -> None:
    active = with_template.made("/reports/schedules/", schedule)
    paused = with_template.made("/reports/schedules/", {**schedule, "active": False})
    before = len(with_template.announced())
    sql = "SELECT origin FROM flights WHERE month = :month"
    changed = with_template.patch("/templates/delays", {"title": "Origins", "query": sql})
    assert [query["sql"] for query in changed.json()["queries"]] == [sql]
    told = with_template.announced()[before:]
    assert [(type(event), str(event.schedule_id), event.version) for event in told] == [
        (ScheduleSaved, active["id"], 2)
    ]
    assert told[0].order.template.title == "Origins"
    assert told[0].order.template.queries[0].sql == sql
    assert with_template.get(f"/reports/schedules/{paused['id']}").json()["version"] == 1


def test_a_changed_default_reaches_the_schedules_that_rely_on_it(with_template: Any, schedule: dict[str, Any]) -> None:
    with_template.made("/reports/schedules/", {**schedule, "parameters": {}})
    assert with_template.announced()[-1].order.parameters[0].value == 1
    with_template.patch("/templates/delays", {"parameters": [{"name": "month", "type": "integer", "default": 12}]})
    assert with_template.announced()[-1].order.parameters[0].value == 12


def test_a_template_cannot_change_so_that_a_schedule_no_longer_fits(
    with_template: Any, schedule: dict[str, Any]
) -> None:
    with_template.made("/reports/schedules/", schedule)
    before, shown = with_template.stored(), with_template.get("/templates/delays").json()
    changes = {
        "query": "SELECT :month, :year",
        "parameters": [{"name": "month", "type": "integer"}, {"name": "year", "type": "integer"}],
    }
    answer = with_template.patch("/templates/delays", changes)
    assert answer.status_code == 409
    assert "parameters.year is missing" in answer.json()["detail"]
    assert with_template.stored() == before
    assert with_template.get("/templates/delays").json() == shown


def test_a_changed_template_is_checked_as_a_whole(with_template: Any) -> None:
    answer = with_template.patch("/templates/delays", {"parameters": []})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "queries[0].sql"


def test_a_template_in_use_cannot_be_deleted(with_template: Any, schedule: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", schedule)
    answer = with_template.delete("/templates/delays")
    assert (answer.status_code, answer.json()["detail"]) == (
        409,
        "The template delays is in use by a schedule; change or delete that first.",
    )
    with_template.delete(f"/reports/schedules/{made['id']}")
    assert with_template.delete("/templates/delays").status_code == 204


@pytest.mark.parametrize(
    "sql",
    [
        "WITH RECURSIVE r(n) AS (VALUES(1) UNION ALL SELECT n + 1 FROM r WHERE n < 5) SELECT n FROM r;",
        "(SELECT 1) UNION ALL (SELECT 2) ORDER BY 1",
        "VALUES (1), (2)",
        "SELECT \"update\", replace(a, 'delete', 'x'), created_at::date FROM t -- DROP TABLE t; is only a comment",
        "SELECT * FROM t WHERE note = 'a; DELETE FROM t' AND at > '12:30'",
        "SELECT x FROM t WHERE doc @> '{}'::jsonb AND doc ? 'key' AND arr[1:2] IS NOT NULL",
        "SELECT gibberish that no parser knows BUT one statement",
    ],
)
def test_sql_that_only_reads_is_accepted(with_template: Any, template: dict[str, Any], sql: str) -> None:
    with_template.made("/templates", {**template, "slug": "new", "query": sql, "parameters": []})


def test_a_colon_in_a_text_a_cast_or_a_comment_is_no_parameter(with_template: Any, template: dict[str, Any]) -> None:
    sql = "SELECT to_char(at, 'HH24 :MI'), at::date, arr[1:2] /* :no */ FROM t WHERE m = :month OR n = :month -- :no"
    with_template.made("/templates", {**template, "slug": "new", "query": sql})
