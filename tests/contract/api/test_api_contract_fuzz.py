"""Whatever JSON stands where, the answer is one that the document names, and never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from litestar.testing import TestClient

SOURCE = {
    "name": "fuzzed",
    "url": "postgresql://u:p@h:5432/db?sslmode=require",
    "statement_timeout_seconds": 5,
    "max_rows": 5,
}
TEMPLATE: dict[str, Any] = {
    "slug": "fuzzed",
    "title": "Fuzzed",
    "description": "",
    "source": "fuzzed",
    "queries": [{"name": "q", "sql": "SELECT :day, :number"}],
    "parameters": [
        {"name": "day", "type": "date", "default": "2026-01-31", "allowed": ["2026-01-31"]},
        {"name": "number", "type": "number", "required": False},
    ],
    "formats": ["xlsx", "pdf"],
    "widgets": [
        {
            "query": "q",
            "columns": [{"column": "day", "format": "date", "rules": [{"when": ">", "value": 1, "text": "#FF0000"}]}],
            "sort": [{"column": "day", "descending": True}],
            "group_by": ["day"],
        },
        {"kind": "bar", "x": "day", "series": ["number"], "stacked": True},
    ],
    "look": {"accent": "#004D40", "locale": "de"},
    "csv": {"delimiter": ";", "decimal": ","},
    "checks": {"min_rows": 1, "nulls": [{"column": "day", "at_most": 0.5}], "fresh": [], "on_failure": "warn"},
    "packing": {"pack": "zip", "password": "s3cret-pw"},
    "drop": {"url": "s3://key:secret@bucket/prefix", "pattern": "{slug}/{filename}"},
    "keeping": {"days": 3},
    "limits": {"soft_seconds": 5.0, "hard_seconds": 6.0},
}
PROFILE: dict[str, Any] = {
    "name": "fuzzed",
    "url": "smtps://u:p@h:465?starttls=never",
    "from": "Reports <reports@example.com>",
    "reply_to": "help@example.com",
    "cc": ["cy@example.com"],
    "bcc": [],
    "per_minute": 5,
    "connections": 2,
    "max_megabytes": 9.5,
    "ca_certificate": "",
    "is_default": True,
}
DELIVERY: dict[str, Any] = {
    "cc": ["cy@example.com"],
    "bcc": [{"address": "dee@example.com", "name": "Dee"}],
    "letters": {"profile": "fuzzed", "destinations": [], "reply_to": "help@example.com", "preview_rows": 3},
    "notify": {"on": ["failed"], "digest": True},
    "owner": "admin",
}
CONDITIONS = {"only_if": [{"query": "q", "when": ">", "value": 5}], "crossing": True, "quiet_seconds": 60}
REPORT: dict[str, Any] = {
    "report_type": "fuzzed",
    "parameters": {"day": "2026-01-31", "number": "1.5"},
    "formats": ["csv"],
    "priority": "low",
    "recipients": ["ann@example.com", {"address": "bob@example.com", "name": "Bob"}],
    "subject": "s",
    "body": "b",
}
SCHEDULES: list[dict[str, Any]] = [
    {"name": "s", **REPORT, "frequency": frequency, "schedule_config": config, "timezone": "Europe/Berlin"}
    for frequency, config in (
        ("daily", {"hour": 8, "minute": 0}),
        ("weekly", {"day_of_week": [0, 6], "hour": 9}),
        ("monthly", {"day_of_month": "last", "hour": 7}),
        ("cron", {"cron": "0 8 * * MON-FRI"}),
        ("interval", {"every": 15, "unit": "minutes"}),
        ("once", {"at": "2026-12-31T18:00:00"}),
    )
]
CASES = [
    ("/api/v1/sources", SOURCE),
    ("/api/v1/templates", TEMPLATE),
    ("/api/v1/smtp-profiles", PROFILE),
    ("/api/v1/reports", REPORT),
    *(
        (
            "/api/v1/reports/schedules",
            {**one, "starts_at": "2026-01-01T00:00:00Z", "ends_at": None, "conditions": CONDITIONS, **DELIVERY},
        )
        for one in SCHEDULES
    ),
]

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(
        ["", "\0", "a\nb", "0 0 31 2 *", "* * * * * *", "@daily", "9999-12-31T23:59:59Z", "../etc", "é" * 300]
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything inside `value`."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    found = [path] if path else []
    for key, inner in items:
        found += places(inner, (*path, key))
    return found


def changed(value: Any, path: tuple[Any, ...], new: object) -> Any:
    """A copy of `value` with something else at `path`."""
    if not path:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = changed(value[path[0]], path[1:], new)
    return copy


@pytest.fixture(scope="module")
def ready(client: TestClient[Any]) -> TestClient[Any]:
    """The client, with a source, a template and a mail server for the requests to name."""
    client.post("/api/v1/sources", json=SOURCE)
    client.post("/api/v1/templates", json=TEMPLATE)
    client.post("/api/v1/smtp-profiles", json=PROFILE)
    return client


def test_the_cases_themselves_are_accepted(ready: TestClient[Any]) -> None:
    for path, body in CASES[3:]:
        assert ready.post(path, json=body).status_code in (201, 202), body


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_anything_anywhere_is_accepted_or_refused_in_words(
    ready: TestClient[Any], document: dict[str, Any], data: st.DataObject
) -> None:
    path, body = data.draw(st.sampled_from(CASES))
    body = changed(body, data.draw(st.sampled_from(places(body))), data.draw(ANYTHING))
    answer = ready.post(path, json=body)
    assert str(answer.status_code) in document["paths"][path]["post"]["responses"], answer.text
    if answer.status_code == 422:
        problem = answer.json()
        assert problem["detail"].strip()
        assert all(error["field"] and error["detail"] for error in problem["errors"])
