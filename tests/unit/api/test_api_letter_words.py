"""Subjects and texts are looked at when they are saved, so that no letter fails over one that makes no sense."""

from __future__ import annotations

from typing import Any

import pytest

FIGURES = [
    {"kind": "figure", "query": "main", "title": "Revenue"},
    {"kind": "figure", "query": "main"},
    {"kind": "table", "query": "main", "title": "Rows"},
]


@pytest.fixture
def dashboard(template: dict[str, Any]) -> dict[str, Any]:
    query = template.pop("query")
    return {**template, "slug": "dashboard", "queries": [{"name": "main", "sql": query}], "widgets": FIGURES}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "Hello {{recipient}}",
            "there is no recipient; there are today, yesterday, tomorrow,",
        ),
        ("Hello {{recipient}}", "recipient_name, recipient_address, report_title, rows, files, figure:Title."),
        ("{% for row in rows %}x{% endfor %}", "{% begins or ends a statement, and a letter has none: no loops"),
        ("x %} y", "%} begins or ends a statement"),
        ("{# nothing #}", "{# begins or ends a statement"),
        ("{{today}", "every {{ needs its }}"),
        ("{{ {{today}} }}", "every {{ needs its }}"),
        ("{{figure:Revenue}}", "{{figure:Revenue}} means nothing: the template has no key figures."),
        ("{{}}", "{{}} cannot be read"),
        ("{{rows|%d}}", "means nothing: there is no rows"),
    ],
)
def test_what_no_letter_could_say_is_refused(refused: Any, schedule: dict[str, Any], text: str, words: str) -> None:
    sentence = refused("/reports/schedules/", {**schedule, "subject": text}, "subject")
    assert sentence.startswith("subject: ")
    assert words in sentence


def test_texts_and_reports_asked_for_now_are_looked_at_too(refused: Any, schedule: dict[str, Any]) -> None:
    assert "no recipient" in refused("/reports/schedules/", {**schedule, "body": "{{recipient}}"}, "body")
    report = {"report_type": "delays", "recipients": ["ann@example.com"]}
    for field in ("subject", "body"):
        assert "no recipient" in refused("/reports/", {**report, field: "{{recipient}}"}, field)


@pytest.mark.parametrize("control", ["\x07", "\x7f"])
def test_a_control_character_is_refused(refused: Any, schedule: dict[str, Any], control: str) -> None:
    assert "has no place in a letter" in refused("/reports/schedules/", {**schedule, "body": f"a{control}b"}, "body")
    assert "one line of at most 300 characters" in refused(
        "/reports/schedules/", {**schedule, "subject": f"a{control}b"}, "subject"
    )


@pytest.mark.parametrize(
    ("changes", "field"),
    [({"subject": "x" * 301}, "subject"), ({"body": "x" * 20_001}, "body"), ({"subject": "a\r\nb"}, "subject")],
)
def test_what_is_too_long_or_has_lines_is_refused(
    refused: Any, schedule: dict[str, Any], changes: dict[str, Any], field: str
) -> None:
    assert "must be" in refused("/reports/schedules/", {**schedule, **changes}, field)


def test_the_words_of_a_letter_are_kept_for_the_letter(with_template: Any, schedule: dict[str, Any]) -> None:
    subject = "{{report_title}} for {{ recipient_name }}, {{today}} 100% {a}"
    body = "Hello {{recipient_name}},\n\n{{rows}} rows of {{today|%d.%m.%Y 100%%}} are in {{files}}.\tBye {x}"
    texts = {"subject": subject, "body": body}
    with_template.made("/reports/schedules/", {**schedule, **texts})
    report = {"report_type": "delays", "recipients": ["ann@example.com"], **texts}
    with_template.made("/reports/", report)
    command = with_template.announced()[-1]
    assert command.order.delivery.subject == "{{report_title}} for {{ recipient_name }}, 2026-03-02 100% {a}"
    assert (
        "Hello {{recipient_name}},\n\n{{rows}} rows of 02.03.2026 100% are in {{files}}." in command.order.delivery.body
    )


def test_a_word_of_a_letter_means_nothing_in_the_name_of_a_file(refused: Any, schedule: dict[str, Any]) -> None:
    sentence = refused("/reports/schedules/", {**schedule, "filename": "{{recipient_name}}"}, "filename")
    assert "there is no recipient_name" in sentence
    assert "figure" not in sentence


def test_key_figures_are_those_of_the_template(
    with_template: Any, schedule: dict[str, Any], dashboard: dict[str, Any]
) -> None:
    with_template.made("/templates", dashboard)
    usual = {**schedule, "report_type": "dashboard"}
    made = with_template.made(
        "/reports/schedules/", {**usual, "subject": "{{figure:Revenue}}, {{ figure: main (UTC)}}"}
    )
    answer = with_template.patch(f"/reports/schedules/{made['id']}/", {"body": "{{figure:Rows}}"})
    assert answer.status_code == 422
    expected = "body: {{figure:Rows}} means nothing: the key figures of the template are Revenue or main."
    assert answer.json()["detail"] == expected


def test_protected_files_have_no_figures_in_letters(
    with_template: Any, schedule: dict[str, Any], dashboard: dict[str, Any]
) -> None:
    with_template.made("/templates", {**dashboard, "packing": {"pack": "zip", "password": "correct horse"}})
    body = {**schedule, "report_type": "dashboard", "subject": "{{figure:Revenue}}"}
    answer = with_template.post("/reports/schedules/", body)
    assert answer.status_code == 422
    assert "the files of this template have a password" in answer.json()["detail"]


def test_a_profile_adds_those_who_get_copies(with_template: Any, schedule: dict[str, Any]) -> None:
    with_template.made(
        "/smtp-profiles",
        {
            "name": "Company",
            "url": "smtp://mail.example.org",
            "from": "Reports <reports@example.org>",
            "cc": ["archive@example.org", "Ann@example.com"],
            "bcc": ["audit@example.org", "archive@example.org"],
        },
    )
    with_template.announced()
    with_template.made("/reports/schedules/", {**schedule, "letters": {"profile": "Company"}})
    (event,) = with_template.announced()
    assert [(one.address, one.role) for one in event.order.delivery.recipients] == [
        ("ann@example.com", "to"),
        ("bob@example.com", "to"),
        ("archive@example.org", "cc"),
        ("audit@example.org", "bcc"),
    ]
