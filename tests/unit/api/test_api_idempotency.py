"""A request that arrives twice under one Idempotency-Key does its work once."""

from __future__ import annotations

from typing import Any

import pytest

from services.api.people import create_token


@pytest.fixture
def bodies(source: dict[str, Any], template: dict[str, Any], schedule: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        "/sources": {**source, "name": "new"},
        "/templates": {**template, "slug": "new"},
        "/reports/schedules/": schedule,
        "/reports/": {"report_type": "delays"},
    }


PATHS = ["/sources", "/templates", "/reports/schedules/", "/reports/"]


@pytest.mark.parametrize("path", PATHS)
def test_a_repetition_returns_the_first_thing_and_changes_nothing(
    with_template: Any, bodies: dict[str, Any], path: str
) -> None:
    first = with_template.post(path, bodies[path], key="once")
    before = with_template.stored()
    with_template.platform.clock.turn(hours=1)
    again = with_template.post(path, bodies[path], key="once")
    assert again.status_code == first.status_code
    assert again.json()["id"] == first.json()["id"]
    assert with_template.stored() == before


@pytest.mark.parametrize("path", PATHS)
def test_the_same_key_with_another_body_is_refused(with_template: Any, bodies: dict[str, Any], path: str) -> None:
    with_template.made(path, bodies[path], key="once")
    before = with_template.stored()
    changed = {**bodies[path], "max_rows": 5} if path == "/sources" else {**bodies[path], "formats": ["pdf"]}
    answer = with_template.post(path, changed, key="once")
    assert answer.status_code == 422
    assert answer.json()["detail"] == (
        "Idempotency-Key was used before with another body; take a new key for a new request."
    )
    assert with_template.stored() == before


def test_different_keys_are_different_requests(with_template: Any, bodies: dict[str, Any]) -> None:
    body = bodies["/reports/"]
    ids = {with_template.made("/reports/", body, key=key)["id"] for key in ("a", "b", "a")}
    assert len(ids) == 2


def test_the_id_follows_from_the_key(with_template: Any, bodies: dict[str, Any]) -> None:
    made = with_template.made("/reports/", bodies["/reports/"], key="once")
    other_kind = with_template.made("/reports/schedules/", bodies["/reports/schedules/"], key="once")
    assert made["id"] != other_kind["id"]


def test_two_people_may_use_the_same_key(with_template: Any, bodies: dict[str, Any]) -> None:
    first = with_template.made("/reports/", bodies["/reports/"], key="once")
    token = create_token(with_template.records, "ann", with_template.platform.now)
    with_template.client.headers["Authorization"] = f"Bearer {token}"
    assert with_template.made("/reports/", {**bodies["/reports/"], "priority": "low"}, key="once")["id"] != first["id"]


def test_a_refused_request_does_not_use_up_its_key(with_template: Any, bodies: dict[str, Any]) -> None:
    assert with_template.post("/reports/", {"report_type": "nope"}, key="once").status_code == 422
    with_template.made("/reports/", bodies["/reports/"], key="once")


def test_a_repetition_does_not_bring_back_what_was_deleted(with_template: Any, bodies: dict[str, Any]) -> None:
    made = with_template.made("/reports/schedules/", bodies["/reports/schedules/"], key="once")
    with_template.delete(f"/reports/schedules/{made['id']}")
    answer = with_template.post("/reports/schedules/", bodies["/reports/schedules/"], key="once")
    assert (answer.status_code, answer.json()["detail"]) == (
        410,
        "What this Idempotency-Key created has been deleted since; take a new key to create it again.",
    )


@pytest.mark.parametrize("key", ["two words", "x" * 201, ""])
def test_a_key_that_is_no_key_is_refused(with_template: Any, bodies: dict[str, Any], key: str) -> None:
    answer = with_template.post("/reports/", bodies["/reports/"], key=key)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "Idempotency-Key"
