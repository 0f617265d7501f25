"""Whatever is asked of whatever route, a refusal is a problem, and its status is one that the document names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import msgspec
from httpx import Response
from litestar.testing import TestClient

from services.api.problems import Problem

NOBODY = "00000000-0000-4000-8000-000000000000"


def calls(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, a path that names nothing, and the description of every operation but those for health."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if not path.startswith("/health"):
                yield method.upper(), re.sub(r"{\w+}", NOBODY, path), operation


def problem_in(answer: Response) -> Problem:
    """The problem that an answer must hold."""
    where = f"{answer.request.method} {answer.request.url.path}: {answer.status_code} {answer.text[:300]}"
    assert answer.headers["Content-Type"] == "application/problem+json", where
    problem = msgspec.json.decode(answer.content, type=Problem)
    assert problem.status == answer.status_code, where
    assert problem.title == HTTPStatus(answer.status_code).phrase, where
    assert re.match(r"^\S.*\.( \(.*\))?$", problem.detail, re.DOTALL), where
    assert all(error.field and error.detail for error in problem.errors), where
    return problem


def test_no_operation_answers_without_a_token(anonymous: TestClient[Any], document: dict[str, Any]) -> None:
    for method, path, operation in calls(document):
        if operation.get("security") is not None:
            continue  # links in letters, see FOR_RECIPIENTS in test_api_contract_openapi.py
        answer = anonymous.request(method, path, headers={"Authorization": ""})
        assert problem_in(answer).status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


MAY_SAY_NOTHING = ("/cancel", "/test", "/links", "/burst/stop")
"""Requests whose body may be empty."""


def test_every_body_that_is_not_json_is_refused(client: TestClient[Any], document: dict[str, Any]) -> None:
    asked = [(method, path) for method, path, operation in calls(document) if "requestBody" in operation]
    assert len(asked) >= 8
    for method, path in asked:
        for body in (b"{", b"\xff", b"nope", *([] if path.endswith(MAY_SAY_NOTHING) else [b""])):
            problem = problem_in(client.request(method, path, content=body))
            assert problem.status == 400
            assert problem.detail.startswith("The body is not JSON: ")


def test_every_body_of_another_shape_is_refused(client: TestClient[Any], document: dict[str, Any]) -> None:
    for method, path, operation in calls(document):
        if "requestBody" in operation:
            for body in ([], "text", 5, {"unheard_of": 1}):
                problem = problem_in(client.request(method, path, json=body))
                assert problem.status == 422
                assert problem.errors


NEEDS_A_BODY = {"/preferences": {"wanted": True}, "/discard": {"reason": "Nobody needs it."}, "/replay": {}}
"""What a request has to say before anybody looks whether there is such a thing."""


def test_every_path_that_names_nothing_is_a_problem(client: TestClient[Any], document: dict[str, Any]) -> None:
    # The answer to a HEAD has no body that could hold a problem.
    asked = [(method, path) for method, path, _ in calls(document) if NOBODY in path and method != "HEAD"]
    assert len(asked) > 10
    for method, path in asked:
        body = {} if method == "PATCH" else NEEDS_A_BODY.get(path[path.rindex("/") :]) if method != "DELETE" else None
        problem = problem_in(client.request(method, path, json=body))
        assert problem.status == 404, (method, path)


def test_every_refusal_is_one_that_the_document_names(client: TestClient[Any], document: dict[str, Any]) -> None:
    for method, path, operation in calls(document):
        for body in (b"{", b"[]", b"{}"):
            answer = client.request(method, path, content=body if "requestBody" in operation else None)
            assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)


def test_methods_and_paths_that_do_not_exist_are_problems(client: TestClient[Any], document: dict[str, Any]) -> None:
    for path in {path for _, path, _ in calls(document)}:
        answer = client.request("TRACE", path)
        assert problem_in(answer).status == 405
        assert answer.headers["Allow"]
    assert problem_in(client.get("/api/v2/sources")).status == 404
    assert problem_in(client.get("/")).status == 404


def test_a_wrong_query_parameter_is_named(client: TestClient[Any], document: dict[str, Any]) -> None:
    lists = [path for method, path, operation in calls(document) if _takes(operation, "limit")]
    assert len(lists) >= 6
    for path in lists:
        problem = problem_in(client.get(path, params={"limit": "many"}))
        assert (problem.status, problem.errors[0].field) == (422, "limit")


def _takes(operation: dict[str, Any], parameter: str) -> bool:
    return any(one["name"] == parameter for one in operation.get("parameters", []))
