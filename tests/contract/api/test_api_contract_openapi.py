"""The OpenAPI document is whole, and tells of every route."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from litestar.testing import TestClient

DOCS = Path(__file__).parents[3] / "docs"
PROBLEM = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


FOR_RECIPIENTS = {"/api/v1/links/{token}", "/api/v1/unsubscribe/{token}"}
"""Links in letters: they need no token, and what they answer is a page for people."""


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and description of every operation."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield method.upper(), path, operation


def references(node: object) -> Iterator[str]:
    """Every `$ref` in the document."""
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for inner in node.values():
            yield from references(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from references(inner)


def resolved(document: dict[str, Any], reference: str) -> object:
    """What a `$ref` refers to; a KeyError if there is nothing."""
    node: Any = document
    for step in reference.removeprefix("#/").split("/"):
        node = node[step.replace("~1", "/").replace("~0", "~")]
    return node


def test_it_is_openapi_with_a_title_and_a_version(document: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", document["openapi"])
    assert document["info"]["title"] == "Pressroom"
    assert re.fullmatch(r"\d+\.\d+\.\d+.*", document["info"]["version"])


def test_every_route_is_documented_and_no_other(document: dict[str, Any], routes: set[tuple[str, str]]) -> None:
    assert {(method, path) for method, path, _ in operations(document)} == routes


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    found = set(references(document))
    assert len(found) > 30
    for reference in found:
        assert resolved(document, reference), reference


def test_every_operation_is_described_and_has_a_name_of_its_own(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(names) == len(set(names))
    assert [path for _, path, operation in operations(document) if not operation.get("description")] == []


def test_every_parameter_of_a_path_is_declared(document: dict[str, Any]) -> None:
    for _, path, operation in operations(document):
        declared = {one["name"] for one in operation.get("parameters", []) if one["in"] == "path"}
        assert declared == set(re.findall(r"{(\w+)}", path)), path


def test_every_operation_says_how_it_succeeds(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert any(status.startswith("2") for status in operation["responses"]), (method, path)


def test_every_refusal_is_a_problem(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if path.startswith("/health") or path in FOR_RECIPIENTS:
            continue
        refusals = {status: one for status, one in operation["responses"].items() if status.startswith(("4", "5"))}
        assert "401" in refusals, (method, path)
        for status, response in refusals.items():
            assert response["content"] == PROBLEM, (method, path, status)


def test_everything_but_health_needs_a_token(document: dict[str, Any]) -> None:
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}
    assert document["security"] == [{"bearer": []}]
    free = {path for _, path, operation in operations(document) if operation.get("security") is not None}
    assert free == {"/health/live", "/health/ready", *FOR_RECIPIENTS}


ACTS = (
    "/unsubscribe/{token}",
    "/suppressions",
    "/bounces",
    "/preview",
    "/cancel",
    "/approve",
    "/delete-expired",
    "/burst/check",
    "/bursts/check",
    "/burst/continue",
    "/burst/stop",
    "/links",
    "/test",
    "/replay",
    "/discard",
)
"""What these do is the same however often it is asked for, and they create nothing that a key could name."""

TEST_SENDS = "/api/v1/reports/schedules/{schedule_id}/test"
"""Makes a report, so it takes a key all the same."""


def test_every_post_that_creates_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        headers = {one["name"] for one in operation.get("parameters", []) if one["in"] == "header"}
        creates = method == "POST" and (path == TEST_SENDS or not path.endswith(ACTS))
        assert ("Idempotency-Key" in headers) == creates, path


def test_the_document_is_also_at_schema(client: TestClient[Any], document: dict[str, Any]) -> None:
    assert client.get("/schema").json() == document
    assert client.get("/schema/").json() == document


def test_the_page_about_the_api_tells_of_every_route(routes: set[tuple[str, str]]) -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", page, re.MULTILINE))
    assert len(told) > 20
    assert told == {(method, re.sub(r"{\w+}", "{…}", path)) for method, path in routes}


def test_the_page_about_the_api_tells_of_every_status_word(document: dict[str, Any]) -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    schemas = document["components"]["schemas"]
    for schema, field in (("ReportView", "status"), ("OccurrenceView", "status"), ("DeliveryView", "state")):
        for word in schemas[schema]["properties"][field]["enum"]:
            assert f"| `{word}` |" in page, (schema, word)
