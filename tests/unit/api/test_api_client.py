"""The client and the api agree, over HTTP: whatever the client calls is there, and it understands the answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest

from libs.client import ApiProblem, Pressroom, Unreachable
from libs.common.ids import delivery_id
from libs.common.messages import (
    Artifact,
    DeliverySent,
    DestinationTested,
    GenerateReport,
    PlannedDelivery,
    ProfileTested,
    ReportGenerated,
    TestDestination,
    TestProfile,
)
from services.api.app import make_app
from services.api.people import create_token
from services.api.platform import Platform
from services.api.server import WebServer

CONTENT = b"a;b\r\n" * 50_000


@pytest.fixture(scope="module")
def url(platform: Platform) -> Iterator[str]:
    """Where the api answers."""
    server = WebServer(make_app(platform), "127.0.0.1", 0)
    server.start()
    yield server.url
    server.stop(10)


@pytest.fixture
def pressroom(url: str, with_template: Any) -> Iterator[Pressroom]:
    platform = with_template.platform
    token = create_token(platform.records, "admin", platform.now, "admin@example.org")
    with Pressroom(url, token, patience_seconds=30) as client:
        yield client


@pytest.fixture
def answering(with_template: Any) -> Iterator[None]:
    """Whatever is ordered is answered, as a generator and a mailer do it."""
    stop = threading.Event()

    def work() -> None:
        answered = 0
        while not stop.wait(0.03):
            for message in with_template.announced()[answered:]:
                answered += 1
                if answer := ANSWERS.get(type(message)):
                    with_template.hear(*answer(message, with_template))

    thread = threading.Thread(target=work)
    thread.start()
    yield
    stop.set()
    thread.join()


def saying(kind: type[Any]) -> Callable[[Any, Any], list[Any]]:
    return lambda question, _: [
        kind(at=question.requested_at, test_id=question.test_id, ok=True, sentences=("It works.",), seconds=0.1)
    ]


def made(command: GenerateReport, api: Any) -> list[Any]:
    (recipient,) = command.order.delivery.recipients
    delivery, key = delivery_id(command.report_id, "email", recipient.address), f"{command.report_id}/1"
    api.platform.artifacts.put(key, CONTENT)
    file = {"filename": "Delays.csv", "format": "csv", "media_type": "text/csv", "rows": 7, "sha256": "0" * 64}
    said = {"at": command.requested_at, "report_id": command.report_id, "attempt": 1}
    generated = ReportGenerated(
        artifacts=(Artifact(key=key, size_bytes=len(CONTENT), **file),),  # type: ignore[arg-type]
        deliveries=(PlannedDelivery(delivery_id=delivery, channel="email", recipient=recipient),),
        rows=7,
        query_seconds=1,
        render_seconds=1,
        store_seconds=1,
        expires_at=command.requested_at + timedelta(days=30),
        **said,  # type: ignore[arg-type]
    )
    about = {"delivery_id": delivery, "channel": "email", "recipient": recipient, "rfc_message_id": "<1@x>"}
    sent = DeliverySent(answer="250 queued", seconds=0.1, queue_id="4XyZ", form="link", **said, **about)  # type: ignore[arg-type]
    return [generated, sent]


ANSWERS: dict[type[Any], Callable[[Any, Any], list[Any]]] = {
    TestProfile: saying(ProfileTested),
    TestDestination: saying(DestinationTested),
    GenerateReport: made,
}


@pytest.mark.usefixtures("answering")
def test_mail_servers_and_destinations(pressroom: Pressroom) -> None:
    office = pressroom.create_profile("the office", "smtp://u:p@mail.example.org", "reports@example.org", per_minute=60)
    assert (office.url, office.sender, office.is_default) == (
        "smtp://mail.example.org:587",
        "reports@example.org",
        True,
    )
    assert pressroom.change_profile("the office", **{"from": "Office <reports@example.org>"}).sender.startswith("Off")
    assert [one.id for one in pressroom.profiles()] == [office.id]
    assert pressroom.test_profile("the office").sentences == ("It works.",)
    pressroom.delete_profile(office.id)
    assert list(pressroom.profiles()) == []

    place = pressroom.create_destination("ops", "folder", "daily/sales")
    assert pressroom.change_destination("ops", name="on call").name == "on call"
    assert pressroom.test_destination(place.id).status == "ok"
    assert [one.kind for one in pressroom.destinations()] == ["folder"]
    pressroom.delete_destination("on call")


@pytest.mark.usefixtures("answering")
def test_a_test_and_its_links(url: str, pressroom: Pressroom, with_template: Any, schedule: dict[str, Any]) -> None:
    made = pressroom.create_schedule(**schedule)
    test = pressroom.test_schedule(made.id)
    assert (test.status, test.ended, [one.filename for one in test.artifacts]) == ("completed", True, ["Delays.csv"])
    (delivery,) = pressroom.deliveries(report=test.id)
    assert (delivery.address, delivery.state, delivery.queue_id, delivery.form) == (
        "admin@example.org",
        "sent",
        "4XyZ",
        "link",
    )
    (line,) = pressroom.reports(schedule=made.id)
    assert line.is_test is True

    renewed = pressroom.renew_links(delivery.id, days=7)
    there = f"{url}{renewed.items[0].url}"
    head = httpx.head(there)
    assert (head.status_code, head.headers["Content-Length"]) == (200, str(len(CONTENT)))
    assert httpx.get(there).content == CONTENT
    (link,) = pressroom.links(delivery.id).items
    assert (link.downloads, link.last_at) == (1, with_template.platform.now)
    pressroom.revoke_links(delivery.id)
    assert (httpx.get(there).status_code, httpx.head(there).status_code) == (410, 410)


def test_a_test_that_nobody_makes_is_given_up(pressroom: Pressroom, schedule: dict[str, Any]) -> None:
    made = pressroom.create_schedule(**schedule)
    with pytest.raises(Unreachable, match=r"is still queued after 0\.1 s"):
        pressroom.test_schedule(made.id, "ann@example.org", timeout_seconds=0.1)


def test_timings_and_yourself(pressroom: Pressroom, schedule: dict[str, Any]) -> None:
    calendar = pressroom.create_calendar("DE", country="DE")
    assert pressroom.change_calendar("DE", weekend=[6]).weekend == (6,)
    assert [one.name for one in pressroom.calendars()] == ["DE"]
    made = pressroom.create_schedule(**schedule, calendar="DE")
    assert len(pressroom.preview_schedule(made.id, count=3).moments) == 3
    foreseen = pressroom.preview_timing("daily", {"hour": 8}, calendar="DE", count=7)
    assert [one.fires for one in foreseen.moments].count(False) == 1
    with pytest.raises(ApiProblem, match="in use"):
        pressroom.delete_calendar(calendar.id)
    pressroom.delete_schedule(made.id)
    pressroom.delete_calendar("DE")
    me = pressroom.me()
    assert (me.name, isinstance(me.id, UUID)) == ("admin", True)
    assert pressroom.change_me(email="other@example.org").email == "other@example.org"
