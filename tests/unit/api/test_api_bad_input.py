"""What cannot work is refused with one sentence that names the field, and nothing is stored."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from services.api.app import make_app

Refuse = Callable[..., str]


def test_an_unknown_template_is_refused(refused: Refuse, schedule: dict[str, Any]) -> None:
    sentence = "report_type must be the slug of a template; there is none called sales."
    assert (
        refused("/reports/schedules/", {**schedule, "report_type": "sales", "parameters": {}}, "report_type")
        == sentence
    )
    assert refused("/reports/", {"report_type": "sales"}, "report_type") == sentence


@pytest.mark.parametrize(
    ("sql", "sentence"),
    [
        ("DELETE FROM flights", "query begins with DELETE; it must be one SELECT, WITH or VALUES."),
        ("DROP TABLE flights", "query begins with DROP; it must be one SELECT, WITH or VALUES."),
        ("SELECT 1; SELECT 2", "query holds 2 statements; it must be one SELECT, WITH or VALUES."),
        ("SELECT 1; DROP TABLE flights; --", "query holds 2 statements; it must be one SELECT, WITH or VALUES."),
        ("-- nothing", "query holds no statement; it must be one SELECT, WITH or VALUES."),
        (
            "WITH gone AS (DELETE FROM flights RETURNING *) SELECT * FROM gone",
            "query writes (DELETE); it must be one SELECT, WITH or VALUES that only reads.",
        ),
        (
            "SELECT * INTO copy FROM flights",
            "query writes a table (SELECT INTO); it must be one SELECT, WITH or VALUES that only reads.",
        ),
        (
            "SELECT * FROM flights FOR UPDATE",
            "query locks rows (FOR UPDATE or its like); it must be one SELECT, WITH or VALUES that only reads.",
        ),
        ("SELECT 'oops", "query has a quote or a comment that is not closed."),
    ],
)
def test_sql_that_is_not_one_reading_statement_is_refused(
    refused: Refuse, template: dict[str, Any], sql: str, sentence: str
) -> None:
    assert refused("/templates", {**template, "slug": "new", "parameters": [], "query": sql}, "query") == sentence


@pytest.mark.parametrize(
    ("url", "beginning"),
    [
        ("nonsense", "url cannot be read as a URL; "),
        ("postgresql://reader:pw@host:port/db", "url cannot be read as a URL; "),
        ("postgresql://reader:pw@host:99999/db", "url cannot be read as a URL; "),
        ("postgresql://reader:pw@host", "url names no database; "),
        ("sqlite://", "url names no database; "),
        ("sqlite:///:memory:", "url names no file; "),
        ("sqlite://var/flights.sqlite", "url has a host, but a SQLite file has none "),
        ("cobol://reader:pw@host/db", "url begins with cobol://, which Pressroom cannot read from; "),
        ("postgresql+asyncpg://reader:pw@host/db", "url begins with postgresql+asyncpg://, which Pressroom cannot "),
        ("postgresql://reader:p@w@host/db", "url has an @ too many; write %40 where the password has one; "),
    ],
)
def test_a_broken_url_is_refused_without_being_quoted(refused: Refuse, url: str, beginning: str) -> None:
    sentence = refused("/sources", {"name": "new", "url": url}, "url")
    assert sentence.startswith(beginning)
    assert sentence.endswith("it must be like postgresql://user:password@host:5432/database or sqlite:///path/to/file.")
    assert "reader" not in sentence


@pytest.mark.parametrize(
    "address", ["nobody", "a b@example.com", "@example.com", "ann@example", "ann@example.com\r\nBcc: x"]
)
def test_a_recipient_that_is_no_address_is_refused(refused: Refuse, schedule: dict[str, Any], address: str) -> None:
    sentence = refused("/reports/schedules/", {**schedule, "recipients": ["ann@example.com", address]}, "recipients[1]")
    assert sentence.startswith("recipients[1] must be an e-mail address, not ")
    nested = {"report_type": "delays", "recipients": [{"address": address}]}
    assert refused("/reports/", nested, "recipients[0].address").startswith("recipients[0].address must be an e-mail")


def test_a_parameter_of_the_wrong_type_is_refused(refused: Refuse, schedule: dict[str, Any]) -> None:
    sentence = 'parameters.month must be an integer, not "May".'
    assert (
        refused("/reports/", {"report_type": "delays", "parameters": {"month": "May"}}, "parameters.month") == sentence
    )
    assert refused("/reports/schedules/", {**schedule, "parameters": {"month": "May"}}, "parameters.month") == sentence


def test_a_parameter_that_the_template_does_not_have_is_refused(refused: Refuse) -> None:
    sentence = refused("/reports/", {"report_type": "delays", "parameters": {"year": 2013}}, "parameters.year")
    assert sentence == "parameters.year is no parameter of this report type; it has: month."


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "The body is not JSON: it is empty."),
        (b"{", "The body is not JSON: it ends too early, at byte 1."),
        (b'{"name": 1,}', "The body is not JSON: trailing comma in object at byte 11."),
        (b"=", "The body is not JSON: invalid character at byte 0."),
        (b'{"name": "\xff"}', "The body is not JSON: it is not UTF-8."),
        (b"[" * 100_000, "The body is not JSON: it is nested too deeply."),
    ],
)
@pytest.mark.parametrize("path", ["/sources", "/templates", "/reports/schedules/", "/reports/"])
def test_a_body_that_is_not_json_is_refused(with_template: Any, path: str, body: bytes, sentence: str) -> None:
    before = with_template.stored()
    answer = with_template.client.post(f"/api/v1{path}", content=body)
    assert (answer.status_code, answer.json()["detail"]) == (400, sentence)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert with_template.stored() == before


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"name": ""}, "name", 'name must be one line of 1 to 200 characters, without blanks at its ends, not "".'),
        ({"name": "two\nlines"}, "name", None),
        ({"name": "trailing line\n"}, "name", None),
        ({"name": 5}, "name", "name must be one line of 1 to 200 characters, without blanks at its ends, not 5."),
        ({"nmae": "x"}, "nmae", "nmae is not a field here; did you mean name?"),
        (
            {"frequency": "hourly"},
            "frequency",
            'frequency must be one of cron, daily, interval, monthly, once, weekly, not "hourly".',
        ),
        ({"priority": 1}, "priority", "priority must be one of high, low, normal, urgent, not 1."),
        ({"schedule_config": "8:00"}, "schedule_config", 'schedule_config must be an object, not "8:00".'),
        ({"schedule_config": {"hour": 25}}, "schedule_config.hour", None),
        ({"schedule_config": {}}, "schedule_config.hour", None),
        ({"timezone": "Europe/Nowhere"}, "timezone", None),
        (
            {"starts_at": "2026-01-01T00:00:00"},
            "starts_at",
            (
                "starts_at must be a moment with its UTC offset, like 2026-01-31T08:00:00Z or null, "
                'not "2026-01-01T00:00:00".'
            ),
        ),
        ({"starts_at": "2027-01-01T00:00:00Z", "ends_at": "2026-01-01T00:00:00Z"}, "ends_at", None),
        (
            {"frequency": "once", "schedule_config": {"at": "2020-01-01T08:00:00"}},
            "schedule_config.at",
            "schedule_config.at lies in the past, so the schedule would never be due; it must lie in the future.",
        ),
        ({"ends_at": "2020-01-01T00:00:00Z"}, "ends_at", None),
        (
            {"formats": ["docx"]},
            "formats[0]",
            'formats[0] must be one of csv, html, json, ndjson, parquet, pdf, xlsx, not "docx".',
        ),
        ({"formats": []}, "formats", None),
        ({"recipients": []}, "recipients", None),
        ({"recipients": "ann@example.com"}, "recipients", None),
        ({"recipients": [5]}, "recipients[0]", "recipients[0] must be text or an object, not 5."),
        ({"recipients": [{"address": "ann@example.com", "nam": "Ann"}]}, "recipients[0].nam", None),
        ({"recipients": [{"name": "Ann"}]}, "recipients[0].address", None),
        ({"subject": "Hello\r\nBcc: eve@example.com"}, "subject", None),
        ({"body": "nul \0"}, "body", "body must not contain the character U+0000."),
        ({"parameters": {"a\0b": 1}}, "parameters.a\\u0000b", None),
        ({"active": "yes"}, "active", 'active must be true or false, not "yes".'),
    ],
)
def test_a_schedule_with_a_wrong_field_is_refused(
    refused: Refuse, schedule: dict[str, Any], change: dict[str, Any], field: str, sentence: str | None
) -> None:
    found = refused("/reports/schedules/", {**schedule, **change}, field)
    assert field.rpartition(".")[2] in found
    if sentence is not None:
        assert found == sentence


@pytest.mark.parametrize("field", ["name", "report_type", "frequency", "schedule_config"])
def test_a_schedule_without_a_needed_field_is_refused(refused: Refuse, schedule: dict[str, Any], field: str) -> None:
    del schedule[field]
    assert refused("/reports/schedules/", schedule, field).startswith(f"{field} is missing; it must be ")


def test_more_recipients_than_the_setting_allows_are_refused(refused: Refuse, schedule: dict[str, Any]) -> None:
    many = [f"reader{number}@example.com" for number in range(101)]
    sentence = refused("/reports/schedules/", {**schedule, "recipients": many}, "recipients")
    assert sentence == "recipients must be at most 100 addresses, not 101."


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"slug": "Delays!"}, "slug", None),
        ({"slug": "delays\n"}, "slug", None),
        ({"title": " "}, "title", None),
        (
            {"source": "nowhere"},
            "source",
            "source must be the name or the id of a source; there is none called nowhere.",
        ),
        ({"queries": [{"name": "a", "sql": "SELECT 1"}]}, "query", None),
        ({"formats": ["xlsx", "exe"]}, "formats[1]", None),
        (
            {"parameters": []},
            "query",
            "query uses :month, which parameters does not declare; declare it there.",
        ),
        (
            {"parameters": [{"name": "month", "type": "integer"}, {"name": "year", "type": "integer"}]},
            "parameters[1].name",
            "parameters[1].name is year, but no query uses :year; use it or leave it out.",
        ),
        (
            {"parameters": [{"name": "month", "type": "int"}]},
            "parameters[0].type",
            'parameters[0].type must be one of boolean, date, datetime, integer, number, text, not "int".',
        ),
        (
            {"parameters": [{"name": "month", "type": "integer", "default": "May"}]},
            "parameters[0].default",
            'parameters[0].default must be an integer, not "May".',
        ),
        (
            {"parameters": [{"name": "month", "type": "integer", "default": 3, "allowed": [1, 2]}]},
            "parameters[0].default",
            "parameters[0].default must be one of 1, 2, not 3.",
        ),
        (
            {"parameters": [{"name": "month", "type": "integer", "allowed": [1, "2"]}]},
            "parameters[0].allowed[1]",
            'parameters[0].allowed[1] must be an integer, not "2".',
        ),
        ({"parameters": [{"name": "month", "type": "integer", "allowed": []}]}, "parameters[0].allowed", None),
        ({"parameters": [{"name": "2nd", "type": "integer"}]}, "parameters[0].name", None),
        ({"parameters": [{"name": "month", "type": "integer"}] * 2}, "parameters[1].name", None),
    ],
)
def test_a_template_with_a_wrong_field_is_refused(
    refused: Refuse, template: dict[str, Any], change: dict[str, Any], field: str, sentence: str | None
) -> None:
    found = refused("/templates", {**template, "slug": "new", **change}, field)
    if sentence is not None:
        assert found == sentence


def test_two_queries_of_one_name_are_refused(refused: Refuse, template: dict[str, Any]) -> None:
    del template["query"]
    queries = [{"name": "Sheet", "sql": "SELECT :month"}, {"name": "sheet", "sql": "SELECT 1"}]
    sentence = refused("/templates", {**template, "slug": "new", "queries": queries}, "queries[1].name")
    assert sentence == 'queries[1].name must be different from the other names, not "sheet" again.'


def test_the_query_that_writes_is_named(refused: Refuse, template: dict[str, Any]) -> None:
    del template["query"]
    queries = [{"name": "a", "sql": "SELECT :month"}, {"name": "b", "sql": "UPDATE flights SET month = 1"}]
    sentence = refused("/templates", {**template, "slug": "new", "queries": queries}, "queries[1].sql")
    assert sentence == "queries[1].sql begins with UPDATE; it must be one SELECT, WITH or VALUES."


def test_every_wrong_field_is_named_at_once(with_template: Any, schedule: dict[str, Any]) -> None:
    wrong = {**schedule, "recipients": ["nobody"], "parameters": {"month": "May"}, "schedule_config": {"hour": 25}}
    problem = with_template.post("/reports/schedules/", wrong).json()
    assert [error["field"] for error in problem["errors"]] == [
        "parameters.month",
        "recipients[0]",
        "schedule_config.hour",
    ]
    assert problem["detail"].endswith("(2 more fields are wrong.)")


def test_an_order_that_is_too_large_to_travel_is_refused(with_template: Any, template: dict[str, Any]) -> None:
    settings = msgspec.structs.replace(with_template.platform.settings, max_body_bytes=1_000_000)
    platform = dataclasses.replace(with_template.platform, settings=settings)
    long = "SELECT :month -- " + "x" * 96_000
    queries = [{"name": f"q{number}", "sql": long} for number in range(10)]
    del template["query"]
    with TestClient(make_app(platform)) as client:
        client.headers.update(with_template.client.headers)
        made = client.post("/api/v1/templates", json={**template, "slug": "large", "queries": queries})
        assert made.status_code == 201
        before = with_template.stored()
        answer = client.post("/api/v1/reports/", json={"report_type": "large", "body": "é" * 20_000})
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith("bytes; at most 1,000,000 may travel.")
    assert with_template.stored() == before
