"""Reports go to webhooks, chats and folders through the mailer as it runs, also when it is killed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from channel_world import WebServer, reply
from mailer_world import CONTENT, KEYS, REPORT_ID, MailerWorld, until

from libs.common.delivering import Destination, DestinationKind
from libs.common.ids import delivery_id
from libs.common.messages import (
    DeliverReport,
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySent,
    DeliveryUnknown,
    DestinationTested,
    Recipient,
    TestDestination,
    encode,
)
from libs.common.sealing import Sealer

PLANTED = "pl4nted-s3cret-16"
ALLOWED = {"PRESSROOM_MAILER_ALLOWED_NETWORKS": "127.0.0.1/32", "PRESSROOM_LOG_LEVEL": "debug"}


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def place(number: int, kind: DestinationKind, url: str, secret: str = "") -> Destination:
    sealer = Sealer(KEYS)
    return Destination(
        destination_id=UUID(int=number),
        name=f"Place {number}",
        kind=kind,
        sealed_url=sealer.seal(url),
        shown="…",
        sealed_secret=sealer.seal(secret) if secret else "",
    )


def command(world: MailerWorld, there: Destination) -> DeliverReport:
    address = str(there.destination_id)
    return msgspec.structs.replace(
        world.command(),
        delivery_id=delivery_id(REPORT_ID, there.kind, address),
        channel=there.kind,
        recipient=Recipient(address=address, name=there.name),
        destination=there,
    )


def by_address(events: list[DeliveryEvent]) -> set[int]:
    return {UUID(event.recipient.address).int for event in events}


def test_places_get_reports_and_nobody_learns_their_secrets(
    world: MailerWorld, server: WebServer, tmp_path: Path
) -> None:
    hook = place(1, "webhook", server.url(f"/hook/{PLANTED}?x={PLANTED}"), PLANTED)
    orders = [
        hook,
        place(2, "slack", server.url(f"/slack/{PLANTED}")),
        place(3, "folder", "daily?names={report_id}/{filename}"),
        place(4, "webhook", f"http://169.254.169.254/{PLANTED}"),
        place(5, "sftp", f"sftp://ann:{PLANTED}@127.0.0.2/in?host_key=SHA256:{'A' * 43}"),
        place(6, "webhook", server.url(f"/refused/{PLANTED}"), PLANTED),
    ]
    server.requests, server.answers = [], []
    server.answers.append(lambda connection: reply(*answers(server.requests[-1].path))(connection))
    tried: set[str] = set()

    def answers(path: str) -> tuple[int, bytes]:
        if "/refused" in path:
            return 403, f"No {path} {PLANTED}".encode()
        is_first = path not in tried
        tried.add(path)
        return (500 if is_first and "/hook" in path else 200), f"got {path}".encode()

    with world.mailer(**ALLOWED, PRESSROOM_MAILER_DROP_FOLDER=str(tmp_path / "drop")):
        world.order(*(command(world, there) for there in orders))
        until(lambda: by_address(world.events(DeliverySent)) == {1, 2, 3}, "three places have it")
        until(lambda: by_address(world.events(DeliveryRejected)) == {4, 5, 6}, "three places are refused")
        world.order(TestDestination(test_id=uuid4(), destination=hook, requested_at=datetime(2026, 3, 2, tzinfo=UTC)))
        told = world.wait_for_event(DestinationTested)[0]

    assert told.ok, told.sentences
    assert by_address(world.events(DeliveryDeferred)) == {1}
    reasons = {UUID(event.recipient.address).int: event.reason for event in world.events(DeliveryRejected)}
    assert "no public address" in reasons[4]
    assert "no public address" in reasons[5]
    assert "Place 6 (http://127.0.0.1:" in reasons[6]
    assert "403 No" in reasons[6]
    hooks = [one for one in server.requests if one.path.startswith("/hook")]
    assert len({one.headers["pressroom-delivery"] for one in hooks}) == 2  # twice the report, once the test
    assert all(CONTENT in one.body for one in hooks[:2])
    assert b'"is_test":true' in hooks[-1].body
    assert (tmp_path / "drop" / "daily" / str(REPORT_ID) / "delays.csv").read_bytes() == CONTENT
    events = [*world.events(DeliveryEvent), *world.events(DestinationTested)]
    assert len(events) >= 8
    assert PLANTED not in world.log.read_text() + "".join(encode(event).decode() for event in events)


def test_a_mailer_is_killed_while_it_waits_for_answers(world: MailerWorld, server: WebServer) -> None:
    """A webhook comes again under the same id; of a chat nobody knows, so it does not."""
    goes_on = threading.Event()

    def slow(connection: socket.socket) -> None:
        # The connection ends with the mailer that is killed.
        if goes_on.is_set() or connection.recv(1) == b"":
            reply(200)(connection)

    server.answers = [slow]
    hook, chat = place(1, "webhook", server.url("/hook")), place(2, "slack", server.url("/chat"))
    for there, path in ((chat, "/chat"), (hook, "/hook")):
        with world.mailer(**ALLOWED):
            world.order(command(world, there))
            until(lambda path=path: path in [one.path for one in server.requests], "somebody waits for an answer")
    goes_on.set()
    with world.mailer(**ALLOWED):
        until(lambda: by_address(world.events(DeliverySent)) == {1}, "the webhook has it")
        until(lambda: by_address(world.events(DeliveryUnknown)) == {2}, "nobody knows of the chat")
    hooks = [one.headers["pressroom-delivery"] for one in server.requests if one.path == "/hook"]
    assert len(hooks) >= 2
    assert len(set(hooks)) == 1
    assert [one.path for one in server.requests].count("/chat") == 1
