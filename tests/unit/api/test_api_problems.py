"""Whatever goes wrong is answered with a problem (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import text

from libs.common.errors import TransientFailure
from services.api import sources
from services.api.controllers import sources as routes


def checked(answer: Any, status: int) -> dict[str, Any]:
    """The problem in an answer that must have this status."""
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["detail"].endswith((".", "again"))
    return dict(problem)


@pytest.mark.parametrize(
    ("header", "sentence", "challenge"),
    [
        (None, "This needs a token: send the header Authorization: Bearer <token>.", 'Bearer realm="pressroom"'),
        (
            "Basic YTpi",
            "The header Authorization must read: Bearer <token>.",
            'Bearer realm="pressroom", error="invalid_request"',
        ),
        ("Bearer wrong", "This token is not valid (any more).", 'Bearer realm="pressroom", error="invalid_token"'),
        ("bearer wrong ", "This token is not valid (any more).", 'Bearer realm="pressroom", error="invalid_token"'),
    ],
)
@pytest.mark.parametrize("path", ["/api/v1/sources", "/metrics", "/schema", "/schema/openapi.json"])
def test_without_a_valid_token_nothing_is_answered(
    anonymous: TestClient[Any], path: str, header: str | None, sentence: str, challenge: str
) -> None:
    answer = anonymous.get(path, headers={"Authorization": header} if header else {})
    assert checked(answer, 401)["detail"] == sentence
    assert answer.headers["WWW-Authenticate"] == challenge


def test_a_request_without_a_token_stores_nothing(anonymous: TestClient[Any], source: dict[str, Any]) -> None:
    checked(anonymous.post("/api/v1/sources", json=source), 401)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/health/live/"])
def test_health_needs_no_token(anonymous: TestClient[Any], path: str) -> None:
    assert (anonymous.get(path).status_code, anonymous.get(path).json()) == (200, {"status": "ok"})


def test_an_unknown_path_is_a_problem(api: Any) -> None:
    assert checked(api.get("/nothing"), 404)["detail"] == (
        "There is nothing at /api/v1/nothing; see /schema/openapi.json for what there is."
    )
    checked(api.get("/reports/not-a-uuid"), 404)


def test_an_unknown_method_is_a_problem_that_says_what_there_is(api: Any) -> None:
    answer = api.client.put("/api/v1/sources")
    assert checked(answer, 405)["detail"] == "/api/v1/sources does not answer to PUT; it does to GET, OPTIONS, POST."
    assert {"GET", "POST"} <= {one.strip() for one in answer.headers["Allow"].split(",")}


def test_a_body_that_is_too_large_is_a_problem(api: Any) -> None:
    answer = api.client.post("/api/v1/sources", content=b" " * 200_001)
    assert checked(answer, 413)["detail"] == "The body is too large; it may have at most 200,000 bytes."


def test_a_form_is_not_json(api: Any) -> None:
    answer = api.client.post("/api/v1/sources", data={"name": "flights"})
    assert checked(answer, 400)["detail"].startswith("The body is not JSON: ")


@pytest.mark.parametrize("kind", ["source", "template", "schedule", "report", "occurrence", "delivery"])
def test_what_is_not_there_is_named(api: Any, kind: str) -> None:
    folder = {"schedule": "reports/schedules", "delivery": "deliveries"}.get(kind, f"{kind}s")
    missing = "00000000-0000-4000-8000-000000000000"
    assert checked(api.get(f"/{folder}/{missing}"), 404)["detail"] == f"There is no {kind} {missing}."


def test_a_store_that_is_away_is_a_503_that_may_be_repeated(api: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object) -> None:
        raise TransientFailure("connection to server at db.internal failed")

    monkeypatch.setattr(routes, "find_source", away)
    answer = api.get("/sources/flights")
    problem = checked(answer, 503)
    assert problem["detail"] == "The records or the files are away or busy for now; the same request may be sent again."
    assert answer.headers["Retry-After"] == "5"


def test_a_statement_that_the_store_cannot_run_is_our_mistake_and_stays_in_the_log(
    api: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(session: Any, *_: object) -> None:
        session.execute(text("SELECT secret FROM nowhere"))

    monkeypatch.setattr(routes, "find_source", broken)
    with caplog.at_level(logging.ERROR):
        problem = checked(api.get("/sources/flights"), 500)
    failure_id = problem["detail"].rpartition(" ")[2].rstrip(".")
    assert "nowhere" not in problem["detail"]
    assert [record.failure_id for record in caplog.records if hasattr(record, "failure_id")] == [failure_id]


def test_a_collision_of_two_requests_is_a_conflict(
    api: Any, source: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    api.made("/sources", source)
    # As if the other request had been committed between the check and the write.
    monkeypatch.setattr(sources, "is_taken", lambda *_: False)
    assert checked(api.post("/sources", source), 409)["detail"] == (
        "Another request has just changed the same thing; try again."
    )


def test_requests_are_counted_by_the_template_of_their_route(api: Any, source: dict[str, Any]) -> None:
    made = api.made("/sources", source)
    api.get(f"/sources/{made['id']}")
    api.get("/secret-path")
    text_ = api.client.get("/metrics").text
    lines = [line for line in text_.splitlines() if line.startswith("pressroom_http_requests_total{")]
    assert any('method="GET",route="/api/v1/sources/{which}",status="200"' in line for line in lines)
    assert any('route="none",status="404"' in line for line in lines)
    assert made["id"] not in text_
    assert "secret-path" not in text_
