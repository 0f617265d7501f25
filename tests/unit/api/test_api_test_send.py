"""A schedule's report can be looked at before anybody else gets it. Here the test is the generator and the mailer."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from litestar.testing import TestClient

from libs.common.conditions import Conditions
from libs.common.delivering import Burst
from libs.common.ids import delivery_id
from libs.common.messages import (
    Artifact,
    DeliverySent,
    GenerateReport,
    OccurrenceStarted,
    PlannedDelivery,
    ReportGenerated,
)
from services.api.app import make_app
from services.api.people import create_token
from services.api.tables import ScheduleRow

PROFILE = {
    "name": "office",
    "url": "smtp://u:p@mail.example.org",
    "from": "reports@example.org",
    "cc": ["boss@example.org"],
}
WHOLE: dict[str, Any] = {
    "report_type": "sales",
    "parameters": {"day": "{{today}}"},
    "subject": "Sales of {{yesterday}}",
    "filename": "sales {{today}}",
    "cc": ["cy@example.org"],
    "letters": {"subscription": True, "preview_rows": 4},
    "conditions": {"only_if": [{"when": ">", "value": 5}], "send_empty": False},
    "timezone": "Asia/Tokyo",
}


@pytest.fixture
def tested(with_template: Any, schedule: dict[str, Any]) -> str:
    """The path of the test of a schedule that does all it can to reach many people under conditions."""
    template = {
        "slug": "sales",
        "title": "Sales",
        "source": "flights",
        "query": "SELECT 1 WHERE :day IS NOT NULL",
        "parameters": [{"name": "day", "type": "date"}],
        "drop": {"url": "daily/sales"},
    }
    with_template.made("/templates", template)
    with_template.made("/smtp-profiles", PROFILE)
    made = with_template.made("/reports/schedules", {**schedule, **WHOLE})
    return f"/reports/schedules/{made['id']}/test/"


def sent(command: GenerateReport) -> list[Any]:
    """What a generator and a mailer tell of a report that arrived."""
    (recipient,) = command.order.delivery.recipients
    delivery = delivery_id(command.report_id, "email", recipient.address)
    artifact = Artifact(
        key="k", filename="sales.xlsx", format="xlsx", media_type="m", size_bytes=3, rows=7, sha256="0" * 64
    )
    generated = ReportGenerated(
        at=command.requested_at,
        report_id=command.report_id,
        attempt=1,
        artifacts=(artifact,),
        deliveries=(PlannedDelivery(delivery_id=delivery, channel="email", recipient=recipient),),
        rows=7,
        query_seconds=1,
        render_seconds=1,
        store_seconds=1,
    )
    arrived = DeliverySent(
        at=command.requested_at,
        delivery_id=delivery,
        report_id=command.report_id,
        channel="email",
        recipient=recipient,
        attempt=1,
        rfc_message_id="<1@example.org>",
        answer="250 queued",
        seconds=0.1,
        queue_id="4XyZ",
        form="zip",
        bytes=30_000,
    )
    return [generated, arrived]


def test_only_the_caller_gets_a_test_whatever_the_schedule_says(with_template: Any, tested: str, clock: Any) -> None:
    api = with_template
    clock.now = datetime(2026, 3, 2, 20, tzinfo=UTC)  # the third in Tokyo
    api.patch("/me", {"email": "admin@example.org"})
    answer = api.post(tested, None)
    assert answer.status_code == 202
    assert answer.headers["Location"] == answer.json()["links"]["self"]
    command = api.announced()[-1]
    assert isinstance(command, GenerateReport)
    assert (command.schedule_id, command.occurrence_id, command.order.burst) == (None, None, None)
    order = command.order
    assert [one.address for one in order.delivery.recipients] == ["admin@example.org"]
    assert (order.delivery.destinations, order.template.drop, order.conditions) == ((), None, Conditions())
    manner = order.delivery.manner
    assert manner.profile is not None
    assert (manner.is_test, manner.subscription, manner.preview_rows) == (True, False, 4)
    assert (manner.profile.name, manner.profile.cc) == ("office", ())
    assert (order.priority, order.timezone) == ("urgent", "Asia/Tokyo")
    assert [one.value for one in order.parameters] == ["2026-03-03"]
    assert (order.delivery.subject, order.template.filename) == ("Sales of 2026-03-02", "sales 2026-03-03")


def test_a_test_is_found_but_is_no_occurrence(with_template: Any, tested: str) -> None:
    api = with_template
    schedule_id = tested.split("/")[3]
    made = api.post(tested, {"recipient": "Somebody@example.org"}).json()
    api.hear(*sent(api.announced()[-1]))
    shown = api.get(f"/reports/{made['id']}").json()
    assert (shown["status"], shown["is_test"], shown["requested_by"], shown["occurrence"]) == (
        "completed",
        True,
        "admin",
        None,
    )
    (line,) = api.get(f"/reports?schedule={schedule_id}").json()["items"]
    assert (line["id"], line["is_test"], line["schedule_id"]) == (made["id"], True, schedule_id)
    assert api.get(f"/reports/schedules/{schedule_id}/executions").json()["items"] == []
    (delivery,) = shown["deliveries"]
    assert (delivery["queue_id"], delivery["form"], delivery["bytes"]) == ("4XyZ", "zip", 30_000)


def test_an_incremental_report_is_tested_since_the_last_success(with_template: Any, tested: str, clock: Any) -> None:
    api = with_template
    schedule_id = UUID(tested.split("/")[3])
    api.patch(f"/reports/schedules/{schedule_id}", {"parameters": {"day": "{{last_success_at}}"}})
    api.post(tested, {"recipient": "a@example.org"})
    assert api.announced()[-1].order.parameters[0].value == "1970-01-01"
    event = OccurrenceStarted(
        at=clock.now,
        occurrence_id=uuid4(),
        schedule_id=schedule_id,
        schedule_version=1,
        scheduled_for=datetime(2026, 2, 7, 12, tzinfo=UTC),
        report_id=uuid4(),
        order=api.announced()[-1].order,
    )
    api.hear(event)
    api.hear(*sent(GenerateReport(report_id=event.report_id, order=event.order, requested_at=clock.now)))
    api.post(tested, {"recipient": "a@example.org"})
    assert api.announced()[-1].order.parameters[0].value == "2026-02-07"


def test_a_burst_is_tested_with_one_report(with_template: Any, tested: str) -> None:
    with with_template.records.begin() as session:
        row = session.get(ScheduleRow, UUID(tested.split("/")[3]))
        row.burst = msgspec.to_builtins(Burst(sql="SELECT address FROM members"))
    assert with_template.post(tested, {"recipient": "a@example.org"}).status_code == 202
    assert with_template.announced()[-1].order.burst is None


def test_a_key_makes_one_test_per_schedule(with_template: Any, tested: str, schedule: dict[str, Any]) -> None:
    body = {"recipient": "a@example.org"}
    first = with_template.post(tested, body, "k").json()
    assert with_template.post(tested, body, "k").json()["id"] == first["id"]
    other = with_template.made("/reports/schedules", schedule)
    answer = with_template.post(f"/reports/schedules/{other['id']}/test", body, "k")
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    ("user", "email", "body", "words"),
    [
        ("ann", "", None, "your own e-mail address is not known"),
        ("ann", "ann@example.org", {"recipient": "bob@example.org"}, "must be your own e-mail address"),
        ("ann", "", {"recipient": "ann@example.org"}, "must be your own e-mail address"),
        ("admin", "", {"recipient": "nobody"}, "recipient must be an e-mail address"),
        ("ann", "ann@example.org", {"recipient": " Ann@Example.org"}, ""),
        ("admin", "", {"recipient": "bob@example.org"}, ""),
    ],
)
def test_a_test_goes_to_nobody_else(
    with_template: Any, tested: str, user: str, email: str, body: dict[str, str] | None, words: str
) -> None:
    api = with_template
    api.client.headers["Authorization"] = f"Bearer {create_token(api.records, user, api.platform.now, email)}"
    before = api.stored()
    answer = api.post(tested, body)
    if words:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "recipient")
        assert words in answer.json()["detail"]
        assert api.stored() == before
    else:
        assert answer.status_code == 202, answer.text


def test_a_test_of_nothing_is_not_found(with_template: Any) -> None:
    body = {"recipient": "a@example.org"}
    assert with_template.post(f"/reports/schedules/{uuid4()}/test", body).status_code == 404


@pytest.fixture
def patient(with_template: Any) -> Iterator[TestClient[Any]]:
    """The api, waiting as long as it may, with somebody who answers what is ordered."""
    platform, stop = with_template.platform, threading.Event()
    settings = msgspec.structs.replace(platform.settings, test_send_seconds=60)

    def work() -> None:
        while not stop.wait(0.01):
            ordered = [one for one in with_template.announced() if isinstance(one, GenerateReport)]
            if ordered:
                with_template.hear(*sent(ordered[-1]))
                return

    thread = threading.Thread(target=work)
    thread.start()
    with TestClient(make_app(replace(platform, settings=settings))) as client:
        client.headers.update(with_template.client.headers)
        yield client
    stop.set()
    thread.join()


def test_the_answer_waits_for_the_outcome(patient: TestClient[Any], tested: str) -> None:
    answer = patient.post(f"/api/v1{tested}", json={"recipient": "a@example.org"})
    assert answer.status_code == 200
    shown = answer.json()
    assert (shown["status"], shown["recipient"]) == ("completed", "a@example.org")
    assert [one["filename"] for one in shown["artifacts"]] == ["sales.xlsx"]
    assert [(one["state"], one["answer"]) for one in shown["deliveries"]] == [("sent", "250 queued")]
