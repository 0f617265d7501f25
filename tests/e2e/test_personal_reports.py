"""Personal reports as their recipients meet them: everybody their own, once, whoever dies meanwhile."""

from __future__ import annotations

import secrets
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from e2e_world import World, eventually

from libs.client.answers import Schedule

PEOPLE = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {last})"
EACH = PEOPLE + " SELECT 'm' || i || '@{domain}' AS address, 'Member ' || i AS name, 490 + i % 10 AS least FROM n"
SHARED = "SELECT DISTINCT 'c' || (id % 7) || '@{domain}' AS address, customer AS key FROM orders ORDER BY 1"
PATIENCE_SECONDS = 180.0


def asked(world: World, method: str, path: str, body: object = None) -> Any:
    headers = {"Authorization": f"Bearer {world.instance.admin_token}"}
    answer = httpx.request(method, f"{world.instance.api_url}/api/v1{path}", json=body, headers=headers, timeout=90)
    assert answer.is_success, answer.text
    return answer.json()


def report_of(world: World, schedule: Schedule, *states: str) -> tuple[UUID, dict[str, Any]]:
    """The report of the schedule, once its burst is in one of the states."""

    def look() -> tuple[UUID, dict[str, Any]] | None:
        for found in world.api.executions(schedule.id):
            if found.report_id is not None:
                shown = asked(world, "GET", f"/reports/{found.report_id}/")
                if shown["burst"] is not None and shown["burst"]["state"] in states:
                    return found.report_id, shown
        return None

    return eventually(look, PATIENCE_SECONDS)


def csv_of(letter: Any) -> list[str]:
    (part,) = letter.iter_attachments()
    return [line for line in part.get_payload(decode=True).decode("utf-8-sig").splitlines() if line]


@pytest.fixture(scope="module")
def templates(world: World) -> World:
    query = "SELECT customer, id, amount FROM orders WHERE id >= 400 ORDER BY id"
    world.api.create_template("by-customer", title="By customer", source="shop", query=query, formats=["csv"])
    return world


def test_everybody_gets_one_whoever_dies_and_a_canary_goes_first(templates: World) -> None:
    world, domain = templates, fresh_domain()
    sql = EACH.format(last=59, domain=domain) + " UNION ALL SELECT 'nobody', 'Nobody', 1"
    schedule = world.schedule_once("Personal", formats=["csv"], burst={"sql": sql, "canary": 5})
    report_id, paused = report_of(world, schedule, "paused")
    assert (paused["status"], paused["burst"]["ordered"], paused["burst"]["recipients"]) == ("held", 5, 61)
    eventually(lambda: len(world.letters_by_address(f"@{domain}>")) >= 5 or None, PATIENCE_SECONDS)
    asked(world, "POST", f"/reports/{report_id}/burst/continue/")
    eventually(lambda: len(world.letters_by_address(f"@{domain}>")) >= 12 or None, PATIENCE_SECONDS)
    world.kill("generator")
    _, done = report_of(world, schedule, "done")
    assert (done["status"], done["burst"]["completed"], done["burst"]["invalid"]) == ("partial", 60, 1)
    assert done["reason"].startswith("Of 61 recipients, 1 with an invalid address: nobody: This is no e-mail address")
    assert world.api.executions(schedule.id)[0].status == "partial"

    letters = [letter for letter in world.letters() if f"@{domain}" in str(letter["To"])]
    assert Counter(str(letter["To"]) for letter in letters) == Counter(
        f"Member {number} <m{number}@{domain}>" for number in range(60)
    )
    for letter in letters:
        number = int(str(letter["To"]).split()[1])
        assert len(csv_of(letter)) == 1 + 10 - number % 10, letter["To"]
    lines = asked(world, "GET", f"/reports/{report_id}/burst/recipients/?limit=100")["items"]
    assert Counter(line["status"] for line in lines) == {"completed": 60, "invalid": 1}
    parts = asked(world, "GET", f"/reports/?parent={report_id}&limit=100")["items"]
    assert {part["id"] for part in parts} == {line["report_id"] for line in lines if line["report_id"]}
    assert str(report_id) in {one["id"] for one in asked(world, "GET", "/reports/")["items"]}


def test_what_is_read_once_is_shared_out_and_what_is_stopped_goes_no_further(templates: World) -> None:
    world, ours, other = templates, fresh_domain(), fresh_domain()
    burst = {"sql": SHARED.format(domain=ours), "share_out_by": "customer"}
    checked = asked(world, "POST", "/bursts/check/", {"report_type": "by-customer", "burst": burst})
    assert (checked["sentence"], checked["ok"]) == ("7 recipients.", True), checked
    elsewhere = asked(
        world, "POST", "/bursts/check/", {"report_type": "by-customer", "burst": {"sql": "SELECT 1 AS x"}}
    )
    assert "must give a column 'address'" in elsewhere["problems"][0]

    shared = world.api.create_schedule("Shared", "by-customer", frequency="once", schedule_config=soon(), burst=burst)
    stopped = world.schedule_once(
        "Stopped", formats=["csv"], burst={"sql": EACH.format(last=59, domain=other), "canary": 3}
    )
    _, done = report_of(world, shared, "done")
    assert (done["status"], done["burst"]["completed"], done["burst"]["without_rows"]) == ("completed", 7, 0)
    for number in range(7):
        (letter,) = world.letters_to(f"c{number}@{ours}")
        header, *rows = csv_of(letter)
        assert header == "customer,id,amount"
        assert [row.split(",")[:2] for row in rows] == [
            [f"Customer {number} ☂", str(one)] for one in range(400, 500) if one % 7 == number
        ]

    report_id, _ = report_of(world, stopped, "paused")
    eventually(lambda: len(world.letters_by_address(f"@{other}>")) >= 3 or None, PATIENCE_SECONDS)
    asked(world, "POST", f"/reports/{report_id}/burst/stop/", {"reason": "The wrong month."})
    _, ended = report_of(world, stopped, "stopped")
    eventually(lambda: world.report(report_id).status == "partial" or None, PATIENCE_SECONDS)
    assert ended["burst"]["reason"] == "The wrong month."
    assert len(world.letters_by_address(f"@{other}>")) == 3


def fresh_domain() -> str:
    """A second run of a test must not find the letters of the first."""
    return f"{secrets.token_hex(4)}.example"


def soon() -> dict[str, str]:
    return {"at": (datetime.now(UTC) + timedelta(seconds=1)).isoformat()}
