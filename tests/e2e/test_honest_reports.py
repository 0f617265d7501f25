"""Reports that say what is wrong, or do not come: through all services as processes."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
import pyzipper
from e2e_world import ORDERS, World, eventually

from libs.client.answers import Occurrence
from libs.client.problem import ApiProblem

LEAST = [{"name": "least", "type": "integer", "default": 0}]
BROKEN = "SELECT json_extract(customer, '$.x') AS x FROM orders"
"""Fails when it reads the first row, not before."""

ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS x FROM n"

ALERT = {"only_if": [{"measure": "rows", "when": ">", "value": 100}], "crossing": True}


def next_occurrence(world: World, schedule_id: UUID, least: int) -> Occurrence:
    """Let the schedule be due once more, for the orders from `least` on, and wait for what becomes of it."""
    known = {one.id for one in world.api.executions(schedule_id)}
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    world.api.change_schedule(schedule_id, schedule_config={"at": at}, parameters={"least": least})

    def ended() -> Occurrence | None:
        new = [one for one in world.api.executions(schedule_id) if one.id not in known]
        return new[0] if new and new[0].status != "started" else None

    return eventually(ended)


def text_of(letter: EmailMessage) -> str:
    body = letter.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_an_alert_goes_out_when_it_crosses_and_only_then(world: World) -> None:
    schedule = world.schedule_once(
        "Alert", parameters={"least": 450}, formats=["csv"], recipients=["ann@alert.example.org"], conditions=ALERT
    )
    first = world.occurrence(schedule.id)
    assert (first.status, first.error) == ("skipped", "Orders: 50 rows; a report is sent if rows > 100.")
    ended = [next_occurrence(world, schedule.id, least).status for least in (0, 100, 480, 0)]
    assert ended == ["success", "skipped", "skipped", "success"]
    assert len(world.letters_to("ann@alert.example.org")) == 2


def test_a_held_report_is_sent_when_somebody_approves_it(world: World) -> None:
    checks = {"max_rows": 10, "on_failure": "hold"}
    held_template(world, "held", checks)
    asked = world.api.order_report("held", recipients=["bo@held.example.org"])
    report = world.report(asked.id)
    sentence = "held: 500 rows, where at most 10 are expected."
    assert (report.status, report.reason) == ("held", sentence)
    assert world.letters_to("bo@held.example.org") == []

    world.api.approve_report(asked.id)
    eventually(lambda: world.api.report(asked.id).status == "completed" or None)
    (letter,) = world.letters_to("bo@held.example.org")
    assert f"A check failed: {sentence}" in " ".join(text_of(letter).split())


def test_a_part_that_cannot_be_read_is_said_everywhere(world: World) -> None:
    world.api.create_template(
        "lacking",
        title="Lacking",
        source="shop",
        queries=[{"name": "Orders", "sql": ORDERS}, {"name": "Returns", "sql": BROKEN}],
        parameters=LEAST,
        formats=["xlsx", "pdf"],
    )
    asked = world.api.order_report("lacking", recipients=["cy@lacking.example.org"])
    report = world.report(asked.id)
    assert report.status == "partial"
    assert report.reason.startswith("Returns: The query 'Returns' failed in the source 'shop'")
    (letter,) = world.letters_to("cy@lacking.example.org")
    assert "The query 'Returns' failed" in " ".join(text_of(letter).split())


def held_template(world: World, slug: str, checks: dict[str, Any]) -> None:
    """The orders, with checks."""
    world.api.create_template(
        slug, title=slug, source="shop", query=ORDERS, parameters=LEAST, formats=["csv"], checks=checks
    )


def test_a_report_that_reads_for_ever_is_cancelled_and_its_occurrence_says_by_whom(world: World) -> None:
    world.api.create_template("endless", title="Endless", source="shop", query=ENDLESS)
    at = (datetime.now(UTC) + timedelta(seconds=1)).isoformat()
    schedule = world.api.create_schedule(
        "Endless",
        "endless",
        frequency="once",
        schedule_config={"at": at},
        formats=["csv"],
        recipients=["cy@cancel.example.org"],
    )
    report_id = eventually(lambda: next((one.report_id for one in world.api.executions(schedule.id)), None))
    eventually(lambda: world.api.progress(report_id).status == "running" or None)
    world.api.cancel_report(report_id, "Wrong month.")
    occurrence = world.occurrence(schedule.id)
    assert (occurrence.status, occurrence.error) == ("skipped", "Cancelled by admin: Wrong month.")
    assert world.report(report_id).status == "cancelled"
    with pytest.raises(ApiProblem, match="has ended already: it is cancelled"):
        world.api.cancel_report(report_id)
    assert world.letters_to("cy@cancel.example.org") == []


def test_a_letter_carries_a_zip_with_a_password_and_the_next_one_the_same_files(world: World) -> None:
    world.api.create_template(
        "packed",
        title="Packed",
        source="shop",
        query="SELECT * FROM orders",
        formats=["csv", "pdf"],
        packing={"pack": "zip", "password": "open sesame"},
        keeping={"days": 2, "reuse_seconds": 3600},
    )
    letters = []
    for name in ("ann", "bo"):
        asked = world.api.order_report("packed", recipients=[f"{name}@packed.example.org"])
        report = world.report(asked.id)
        assert (report.status, [one.format for one in report.artifacts]) == ("completed", ["zip"])
        letters += world.letters_to(f"{name}@packed.example.org")
    first, second = (next(iter(letter.iter_attachments())) for letter in letters)
    content = first.get_payload(decode=True)
    assert content == second.get_payload(decode=True)
    assert "for another report." in text_of(letters[1])
    with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
        archive.setpassword(b"open sesame")
        assert [name.rpartition(".")[2] for name in archive.namelist()] == ["csv", "pdf"]
        assert archive.read(archive.namelist()[0]).count(b"\r\n") == 501
