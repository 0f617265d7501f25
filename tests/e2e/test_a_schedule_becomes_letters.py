"""From `POST …/schedules/` to the letter, through all services as processes."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import sqlite3
from email.message import EmailMessage
from pathlib import Path

import httpx
import openpyxl
import pytest
from e2e_world import ORDERS, PATIENCE_SECONDS, World, eventually

from libs.client import ApiProblem, Pressroom

FORMATS = ["xlsx", "csv", "pdf"]


def test_a_schedule_becomes_letters(world: World, shop: Path, tmp_path: Path) -> None:
    _becomes_letters(world, shop, tmp_path)


def test_a_schedule_becomes_letters_on_postgresql(world_on_postgresql: World, shop: Path, tmp_path: Path) -> None:
    _becomes_letters(world_on_postgresql, shop, tmp_path)


def _becomes_letters(world: World, shop: Path, folder: Path) -> None:
    schedule = world.schedule_once(
        "Orders for two",
        parameters={"least": 100},
        formats=FORMATS,
        recipients=["ann@letters.example.org", {"address": "bo@letters.example.org", "name": "Bo Ågren"}],
    )
    occurrence = world.occurrence(schedule.id)
    assert (occurrence.status, occurrence.error) == ("success", None)
    assert sorted(occurrence.sent_to) == ["ann@letters.example.org", "bo@letters.example.org"]
    assert occurrence.report_id is not None
    report = world.report(occurrence.report_id)
    assert report.status == "completed"
    assert [artifact.format for artifact in report.artifacts] == FORMATS
    assert {artifact.rows for artifact in report.artifacts} == {400}
    assert {delivery.state for delivery in report.deliveries} == {"sent"}

    letters = world.letters_to("ann@letters.example.org") + world.letters_to("bo@letters.example.org")
    assert len(letters) == 2
    for letter in letters:
        assert {_sha256(part) for part in letter.iter_attachments()} == {one.sha256 for one in report.artifacts}
    for artifact in report.artifacts:
        path = world.api.download(artifact, folder)
        assert hashlib.sha256(path.read_bytes()).hexdigest() == artifact.sha256
        assert path.stat().st_size == artifact.size_bytes
    _check_numbers(shop, folder, [artifact.filename for artifact in report.artifacts])


def _check_numbers(shop: Path, folder: Path, names: list[str]) -> None:
    with sqlite3.connect(shop) as connection:
        expected = connection.execute(ORDERS, {"least": 100}).fetchall()
    connection.close()
    book = openpyxl.load_workbook(folder / next(name for name in names if name.endswith(".xlsx")))
    rows = [tuple(cell.value for cell in row) for row in book.worksheets[0].iter_rows()]
    start = rows.index(("id", "customer", "day", "amount")) + 1
    found = [(row[0], row[1], row[2].date().isoformat(), row[3]) for row in rows[start : start + 400]]
    assert found == expected
    text = (folder / next(name for name in names if name.endswith(".csv"))).read_text(encoding="utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert [(int(a), b, c, float(d)) for a, b, c, d in lines[1:]] == expected
    pdf = (folder / next(name for name in names if name.endswith(".pdf"))).read_bytes()
    assert pdf.startswith(b"%PDF-")


def test_an_urgent_report_without_recipients_is_there_to_download(world: World, tmp_path: Path) -> None:
    accepted = world.api.order_report("orders", priority="urgent", formats=["csv"])
    report = world.report(accepted.id)
    assert (report.status, report.deliveries) == ("completed", ())
    assert world.api.download(report.artifacts[0], tmp_path).stat().st_size == report.artifacts[0].size_bytes


def test_a_repeated_order_with_the_same_key_is_one_report_and_one_letter(world: World) -> None:
    fields = {"formats": ["csv"], "recipients": ["same@key.example.org"], "key": "monday"}
    first = world.api.order_report("orders", **fields)
    assert world.api.order_report("orders", **fields).id == first.id
    world.report(first.id)
    assert len(world.letters_to("same@key.example.org")) == 1


def test_sql_that_the_database_refuses_fails_at_once_with_its_words(world: World) -> None:
    """It fails when it reads the first row, which no dry run can know."""
    sql = "SELECT json_extract(customer, '$.x') AS x FROM orders"
    world.api.create_template("broken", title="Broken", source="shop", query=sql)
    report = world.report(world.api.order_report("broken", recipients=["nobody@broken.example.org"]).id)
    assert (report.status, report.attempt, report.error_class) == ("failed", 1, "permanent")
    assert "malformed JSON" in report.reason
    assert world.letters_to("nobody@broken.example.org") == []


def test_a_source_is_tested_by_a_generator_and_answers_in_words(world: World) -> None:
    tested = world.api.test_source("shop")
    assert tested.status == "ok", tested
    assert tested.sentences[0].startswith("Connected to SQLite ")
    assert tested.sentences[-1] == "The database refuses to write, as it should: not authorized."
    world.api.create_source("nowhere", "postgresql://ada:s3cret-pw@127.0.0.1:1/shop")
    tested = world.api.test_source("nowhere")
    assert tested.status == "failed"
    assert "refused the connection" in tested.sentences[0]
    assert "s3cret-pw" not in str(tested)


def test_a_template_that_its_source_does_not_understand_is_refused_when_saved(world: World) -> None:
    with pytest.raises(ApiProblem) as refused:
        world.api.create_template(
            "misfit",
            title="Misfit",
            source="shop",
            queries=[
                {"name": "Good", "sql": "SELECT id, day FROM orders"},
                {"name": "Bad", "sql": "SELECT id,\n  nowhere\nFROM orders"},
            ],
            widgets=[{"query": "Good", "columns": [{"column": "days"}]}],
        )
    assert (refused.value.status, refused.value.errors) == (
        422,
        (
            (
                "queries[1].sql",
                (
                    "Template misfit: The query 'Bad' failed in the source 'shop': no such column: nowhere "
                    "(line 2, column 3)."
                ),
            ),
            (
                "widgets[0].columns[0].column",
                (
                    "widgets[0].columns[0].column names the column days, which the query 'Good' does not give; "
                    "did you mean day?"
                ),
            ),
        ),
    )
    kept = world.api.create_template("fitting", title="Fitting", source="shop", query="SELECT id FROM orders")
    assert kept.warnings == ()


@pytest.mark.parametrize("statement", ["DELETE FROM orders", "SELECT 1; DROP TABLE orders"])
def test_sql_that_is_not_one_select_is_refused_when_saved(world: World, statement: str) -> None:
    with pytest.raises(ApiProblem) as refused:
        world.api.create_template("writes", title="Writes", source="shop", query=statement)
    assert (refused.value.status, refused.value.errors[0][0]) == (422, "query")


def test_without_the_token_nothing_is_answered(world: World) -> None:
    with Pressroom(world.instance.api_url, "wrong") as stranger, pytest.raises(ApiProblem) as refused:
        stranger.order_report("orders")
    assert refused.value.status == 401


def test_the_metrics_show_queues_outcomes_and_durations(world: World) -> None:
    import urllib.request

    def page(service: str) -> str:
        port = world.instance.addresses.operations_ports[service]
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            return str(answer.read().decode())

    world.report(world.api.order_report("orders", formats=["csv"], recipients=["metrics@example.org"]).id)
    eventually(lambda: 'pressroom_queue_messages{queue="reports.urgent",state="ready"}' in page("api") or None)
    assert 'pressroom_reports_total{outcome="generated"}' in page("generator")
    assert 'pressroom_report_stage_seconds_count{stage="query"}' in page("generator")
    assert 'pressroom_deliveries_total{channel="email",outcome="sent"}' in page("mailer")
    assert "pressroom_scheduler_heartbeat_timestamp_seconds" in page("scheduler")


def _sha256(part: EmailMessage) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return hashlib.sha256(content).hexdigest()


def test_a_schedule_is_tested_over_a_mail_server_of_its_own_and_its_links_can_be_revoked(world: World) -> None:
    api, sink = world.api, f"smtp://127.0.0.1:{world.instance.addresses.mail_port}"
    profile = api.create_profile("newsroom", sink, "Newsroom <news@example.org>", reply_to="desk@example.org")
    tried = api.test_profile("newsroom", "tester@profiles.example.org", timeout_seconds=PATIENCE_SECONDS)
    assert (tried.status, bool(tried.sentences)) == ("ok", True), tried.sentences
    (letter,) = world.letters_to("tester@profiles.example.org")
    assert "news@example.org" in str(letter["From"])

    schedule = api.create_schedule(
        "Never due while this runs",
        "orders",
        frequency="once",
        schedule_config={"at": "2036-01-01T00:00:00"},
        formats=["csv"],
        recipients=["nobody@profiles.example.org"],
        subject="Orders of {{today}}",
        letters={"profile": "newsroom", "attach": "link"},
        conditions={"only_if": [{"when": "<", "value": 0}]},
    )
    test = api.test_schedule(schedule.id, "me@profiles.example.org", timeout_seconds=PATIENCE_SECONDS)
    assert (test.status, [one.state for one in test.deliveries]) == ("completed", ["sent"]), test.reason
    (letter,) = world.letters_to("me@profiles.example.org")
    assert "news@example.org" in str(letter["From"])
    assert "desk@example.org" in str(letter["Reply-To"])
    assert world.letters_to("nobody@profiles.example.org") == []
    assert list(api.executions(schedule.id)) == []

    text = letter.get_body(("plain",))
    assert text is not None
    found = re.search(r"https?://\S+/api/v1/links/[\w-]+", text.get_content().replace("=\n", ""))
    assert found is not None, text.get_content()
    answer = httpx.get(found[0])
    (artifact,) = test.artifacts
    assert hashlib.sha256(answer.content).hexdigest() == artifact.sha256
    assert artifact.filename in answer.headers["Content-Disposition"]
    (delivery,) = test.deliveries
    assert [one.downloads for one in api.links(delivery.id).items] == [1]
    api.revoke_links(delivery.id)
    page = httpx.get(found[0], headers={"Accept": "text/html"})
    assert (page.status_code, "ask whoever sent you the letter" in page.text) == (410, True)
    (renewed,) = api.renew_links(delivery.id).items
    assert httpx.get(str(renewed.url)).content == answer.content

    api.delete_schedule(schedule.id)
    api.delete_profile(profile.id)
