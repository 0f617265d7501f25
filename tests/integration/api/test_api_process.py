"""The api as a real process on a real broker: what it accepts is ordered, and what it hears is shown."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import httpx
import msgspec
from api_process import SCHEDULE, ApiProcess, Queue, publish, soon, tap

from libs.common.clock import utc_now
from libs.common.ids import delivery_id, occurrence_id, report_id
from libs.common.messages import (
    Artifact,
    DeliverySent,
    OccurrenceStarted,
    PlannedDelivery,
    Recipient,
    ReportGenerated,
    ReportProgressed,
    ReportStarted,
    ScheduleSaved,
)
from libs.common.storage import ArtifactStorage


def test_a_requested_report_is_ordered_on_the_queue_of_its_priority(api: ApiProcess, broker_url: str) -> None:
    api.with_template()
    made = api.made("/reports/", {"report_type": "delays", "parameters": {"month": 5}, "priority": "urgent"})
    queue = Queue(broker_url, "reports.urgent")
    soon(lambda: len(queue.look()) == 1, "the command arrives")
    (command,) = queue.commands()
    assert (str(command.report_id), command.order.parameters[0].value) == (made["id"], 5)
    assert command.order.source.sealed_url
    assert "s3cret-pw" not in str(queue.bodies)
    assert "s3cret-pw" not in api.log.read_text()


def test_every_change_of_a_schedule_is_announced(api: ApiProcess, broker_url: str) -> None:
    events = tap(broker_url, "schedule.#")
    api.with_template()
    made = api.made("/reports/schedules/", SCHEDULE)
    path = f"/api/v1/reports/schedules/{made['id']}/"
    assert api.http.patch(path, json={"active": False}).status_code == 200
    assert api.http.delete(path).status_code == 204
    soon(lambda: len(events.look()) == 3, "the events arrive")
    told = [(one["type"], one["version"], one.get("active")) for one in events.bodies]
    assert told == [
        ("schedule.saved.v1", 1, True),
        ("schedule.saved.v1", 2, False),
        ("schedule.deleted.v1", 3, None),
    ]


def test_what_the_other_services_tell_is_shown(api: ApiProcess, broker_url: str, tmp_path: Path) -> None:
    events = tap(broker_url, "schedule.saved.#")
    api.with_template()
    schedule = api.made("/reports/schedules/", SCHEDULE)
    soon(lambda: len(events.look()) == 1, "the schedule is announced")
    saved = msgspec.convert(events.bodies[0], ScheduleSaved)
    due, content = utc_now() - timedelta(seconds=2), b"carrier,delay\r\nUA,1\r\n"
    occurrence = occurrence_id(UUID(schedule["id"]), due)
    report = report_id(occurrence)
    delivery = delivery_id(report, "email", "ann@example.com")
    artifact = _stored(tmp_path, f"{report}/Delays.csv", content)
    recipient = Recipient(address="ann@example.com")
    at = utc_now()
    # Each service has a relay of its own: here the mailer is heard first and the scheduler last.
    publish(
        broker_url,
        DeliverySent(
            at=at + timedelta(seconds=4),
            delivery_id=delivery,
            report_id=report,
            channel="email",
            recipient=recipient,
            attempt=1,
            rfc_message_id="<1@pressroom>",
            answer="250 2.0.0 queued as 4711",
            seconds=0.2,
        ),
        ReportGenerated(
            at=at + timedelta(seconds=3),
            report_id=report,
            attempt=1,
            artifacts=(artifact,),
            deliveries=(PlannedDelivery(delivery_id=delivery, channel="email", recipient=recipient),),
            rows=1,
            query_seconds=1.0,
            render_seconds=0.5,
            store_seconds=0.1,
        ),
        ReportProgressed(at=at + timedelta(seconds=2), report_id=report, attempt=1, stage="query", rows=1),
        ReportStarted(at=at + timedelta(seconds=1), report_id=report, attempt=1),
        OccurrenceStarted(
            at=at,
            occurrence_id=occurrence,
            schedule_id=UUID(schedule["id"]),
            schedule_version=1,
            scheduled_for=due,
            report_id=report,
            order=saved.order,
        ),
    )
    soon(lambda: bool(api.shown(f"/reports/schedules/{schedule['id']}/executions/")["items"]), "it is heard")
    (execution,) = api.shown(f"/reports/schedules/{schedule['id']}/executions/")["items"]
    assert (execution["status"], execution["sent_to"], execution["rows"]) == ("success", ["ann@example.com"], 1)
    assert (execution["report_id"], execution["error"]) == (str(report), None)
    assert execution["lateness_seconds"] >= 2
    shown = api.shown(f"/reports/{report}/")
    assert (shown["status"], shown["report_type"], shown["attempt"]) == ("completed", "delays", 1)
    assert shown["occurrence"]["status"] == "success"
    (delivered,) = shown["deliveries"]
    assert (delivered["state"], delivered["answer"]) == ("sent", "250 2.0.0 queued as 4711")
    assert api.shown(f"/reports/{report}/progress/")["percent"] == 100
    downloaded = api.http.get(shown["artifacts"][0]["url"])
    assert downloaded.content == content
    assert downloaded.headers["ETag"] == f'"{artifact.sha256}"'


def test_it_stops_cleanly_when_asked_to_even_with_open_connections(api: ApiProcess) -> None:
    with httpx.Client(base_url=api.url) as idle:
        assert idle.get("/health/live").status_code == 200
        assert api.terminate() == 0
    assert api.lines()[-1]["message"] == "the service has stopped"
    assert not api.answers("/health/live")


def test_a_killed_api_starts_again_and_says_what_it_had_accepted(api: ApiProcess, broker_url: str) -> None:
    api.with_template()
    ids = {api.made("/reports/", {"report_type": "delays"}, **{"Idempotency-Key": str(n)})["id"] for n in range(20)}
    api.kill()
    api.start()
    queue = Queue(broker_url, "reports.normal")
    soon(lambda: _ordered(queue) == ids, "every accepted report is ordered")
    assert api.made("/reports/", {"report_type": "delays"}, **{"Idempotency-Key": "0"})["id"] in ids


def test_metrics_and_health_are_on_the_operations_port_too(api: ApiProcess) -> None:
    api.shown("/sources/")
    soon(lambda: api.answers("/health/ready"), "it is ready")
    operations = f"http://127.0.0.1:{api.operations_port}"
    assert httpx.get(f"{operations}/health/ready").json() == {"status": "ok"}
    line = 'pressroom_http_requests_total{method="GET",route="/api/v1/sources",status="200"}'
    assert line in httpx.get(f"{operations}/metrics").text
    assert line in api.http.get("/metrics").text
    assert httpx.get(f"{api.url}/metrics").status_code == 401


def _stored(folder: Path, key: str, content: bytes) -> Artifact:
    (folder / "file").write_bytes(content)
    ArtifactStorage(str(folder / "artifacts")).put_file(key, folder / "file")
    return Artifact(
        key=key,
        filename="Delays.csv",
        format="csv",
        media_type="text/csv",
        size_bytes=len(content),
        rows=1,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def _ordered(queue: Queue) -> set[str]:
    queue.look()
    return {str(command.report_id) for command in queue.commands()}
