"""Webhooks, against a real web server with faults."""

from __future__ import annotations

import email.policy
import hashlib
import json
import re
import socket
from collections.abc import Callable, Iterator
from email.parser import BytesParser
from pathlib import Path
from typing import Any

import pytest
from channel_world import DELIVERY, FILES, NOW, ChannelWorld, WebServer, cut, reply

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import asked_pause_ms
from services.mailer import outgoing
from services.mailer.answers import NoAnswer, NotNow, Refused

SECRET = "pl4nted-s3cret-of-a-hook"
PAGE = Path(__file__).parents[3] / "docs" / "destinations.md"


@pytest.fixture
def world(tmp_path: Path) -> ChannelWorld:
    return ChannelWorld(tmp_path)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


@pytest.fixture(scope="module")
def is_from_pressroom() -> Callable[..., bool]:
    """The example of the page."""
    [code] = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    names: dict[str, Any] = {}
    exec(code.replace("time.time()", str(NOW.timestamp() + 30)), names)
    return names["is_from_pressroom"]  # type: ignore[no-any-return]


def named(headers: dict[str, str]) -> dict[str, str]:
    return {name.title(): value for name, value in headers.items()}


def test_a_webhook_says_all_there_is_to_say_and_is_signed(
    world: ChannelWorld, server: WebServer, is_from_pressroom: Callable[..., bool]
) -> None:
    receipt = world.send("webhook", server.url("/in?x=1"), secret=SECRET)
    assert (str(receipt.answer), receipt.form, world.claims) == ("200 ok", "link", 0)
    [request] = server.requests
    assert (request.path, request.headers["pressroom-delivery"]) == ("/in?x=1", str(DELIVERY))
    said = json.loads(request.body)
    assert (said["id"], said["kind"], said["is_test"], said["report_type"]) == (str(DELIVERY), "report", False, "sales")
    assert (said["scheduled_for"], said["generated_at"]) == ("2026-03-02T07:00:00Z", "2026-03-02T07:00:12Z")
    assert said["figures"][0]["value"] == "10.204,50 €"
    assert (said["preview"]["rows"][1], said["notes"]) == (["South", "9.000,00"], ["Only the first 50,000 rows."])
    assert [(one["filename"], one["size_bytes"]) for one in said["files"]] == [(k, len(v)) for k, v in FILES.items()]
    assert all(one["url"].startswith("https://reports.example.org/api/v1/links/") for one in said["files"])

    headers = named(request.headers)
    assert is_from_pressroom(SECRET, request.body, headers)
    assert not is_from_pressroom(SECRET, request.body + b" ", headers)
    assert not is_from_pressroom("another-secret", request.body, headers)
    late = {**headers, "Pressroom-Timestamp": str(int(NOW.timestamp()) - 400)}
    assert not is_from_pressroom(SECRET, request.body, late)


def test_files_go_along_as_a_form_and_their_digests_are_signed(
    world: ChannelWorld, server: WebServer, is_from_pressroom: Callable[..., bool]
) -> None:
    receipt = world.send("webhook", server.url(), secret=SECRET, attach=True)
    [request] = server.requests
    assert (receipt.form, receipt.bytes) == ("files", len(request.body))
    head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
    form = BytesParser(policy=email.policy.HTTP).parsebytes(head + request.body)
    payload, *files = form.iter_parts()  # type: ignore[attr-defined]
    assert payload.get_param("name", header="content-disposition") == "payload"
    said = payload.get_payload(decode=True)
    assert is_from_pressroom(SECRET, said, named(request.headers))
    assert [part.get_content_type() for part in files] == ["text/csv", "text/csv"]
    assert [f'name="file"; filename="{name}"\r\n'.encode() in request.body for name in FILES] == [True, True]
    assert [part.get_payload(decode=True) for part in files] == list(FILES.values())
    assert [one["sha256"] for one in json.loads(said)["files"]] == [
        hashlib.sha256(content).hexdigest() for content in FILES.values()
    ]


def test_without_a_secret_nothing_is_signed_and_a_password_goes_into_its_header(
    world: ChannelWorld, server: WebServer
) -> None:
    world.send("webhook", server.url().replace("http://", "http://ann:p%40ss@"))
    headers = server.requests[0].headers
    assert "pressroom-signature" not in headers
    assert headers["authorization"] == "Basic YW5uOnBAc3M="


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        *((status, NotNow) for status in (408, 425, 429, 500, 502, 503, 599)),
        *((status, Refused) for status in (301, 307, 400, 401, 404, 410, 413, 422)),
    ],
)
def test_an_answer_says_whether_trying_again_can_help(
    world: ChannelWorld, server: WebServer, status: int, failure: type[Exception]
) -> None:
    server.answers = [reply(status, b"No\r\n\x07 such   place \xff"), reply(200)]
    with pytest.raises(failure) as caught:
        world.send("webhook", server.url())
    assert f"{status} No such place �" in str(caught.value)
    assert "Warehouse (http://127.0.0.1:" in str(caught.value)
    assert world.send("webhook", server.url()).answer.code == 200
    assert len({request.body for request in server.requests}) == 1  # the same at every attempt


@pytest.mark.parametrize(
    ("said", "pause"),
    [("600", 600.0), ("0", 0.0), ("soon", None), ("Mon, 02 Mar 2026 08:00:00 GMT", None), ("9" * 9, None)],
)
def test_a_server_says_how_long_it_wants_to_be_left_alone(
    world: ChannelWorld, server: WebServer, said: str, pause: float | None
) -> None:
    server.answers = [reply(429, **{"Retry-After": said})]
    with pytest.raises(NotNow) as caught:
        world.send("webhook", server.url())
    assert caught.value.pause_seconds == pause
    # The broker is told so where that is longer than the usual pause, and no longer than the longest.
    assert asked_pause_ms(caught.value, 120_000, 300_000) == (300_000 if pause == 600 else None)


def test_a_redirect_is_not_followed(world: ChannelWorld, server: WebServer) -> None:
    server.answers = [reply(302, b"", Location=server.url("/elsewhere")), reply(200)]
    with pytest.raises(Refused, match=r"redirect to 127\.0\.0\.1, which is not followed"):
        world.send("webhook", server.url())
    server.answers = [reply(302, b"", Location="http://169.254.169.254/latest/meta-data")]
    with pytest.raises(Refused, match=r"redirect to 169\.254\.169\.254"):
        world.send("webhook", server.url())
    server.answers = [reply(302, b"", Location="http://[")]
    with pytest.raises(Refused, match="a redirect, which is not followed"):
        world.send("webhook", server.url())
    assert [request.path for request in server.requests] == ["/hook", "/hook", "/hook"]


def test_a_connection_that_breaks_is_tried_again_by_a_webhook_and_unknown_to_a_chat(
    world: ChannelWorld, server: WebServer
) -> None:
    server.answers = [cut]
    with pytest.raises(NotNow, match="broke the connection off"):
        world.send("webhook", server.url())
    with pytest.raises(NoAnswer, match="it may have arrived"):
        world.send("slack", server.url())
    assert world.claims == 1
    server.cuts_early = True
    with pytest.raises(NotNow, match="broke the connection off"):
        world.send("webhook", server.url(), attach=True)
    with WebServer() as gone:
        pass
    with pytest.raises(NotNow, match="cannot be reached: Connection refused"):
        world.send("slack", gone.url())
    assert world.claims == 1  # nobody was there who could have accepted it


def test_an_answer_that_does_not_come_in_time(tmp_path: Path, server: WebServer) -> None:
    world = ChannelWorld(tmp_path, seconds=0.3)
    server.answers = [lambda connection: connection.recv(1) and None]
    with pytest.raises(NotNow, match=r"did not answer within 0\.3 seconds"):
        world.send("webhook", server.url())
    with pytest.raises(NoAnswer, match=r"did not answer within 0\.3 seconds"):
        world.send("teams", server.url())


def test_a_huge_answer_is_cut_and_a_slow_one_is_not_waited_for(
    world: ChannelWorld, server: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            connection.sendall(b"x" * 65_536)

    def slow(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 202 OK\r\nContent-Length: 10\r\n\r\nyes")
        connection.recv(1)

    monkeypatch.setattr(outgoing, "ANSWER_BODY_SECONDS", 0.3)
    server.answers = [endless, slow]
    assert world.send("webhook", server.url()).answer.text == "x" * 300
    assert str(world.send("webhook", server.url()).answer) == "202 yes"


def test_a_file_that_is_another_one_than_was_made_never_arrives(world: ChannelWorld, server: WebServer) -> None:
    wrong = bytes(reversed(FILES["sales.xlsx"]))
    world.storage.put("reports/1/sales.xlsx", wrong)
    with pytest.raises(PermanentFailure, match="not the one that was made"):
        world.send("webhook", server.url(), attach=True)
    world.storage.delete("reports/1/sales.xlsx")
    with pytest.raises(PermanentFailure, match="no longer in the artifact storage"):
        world.send("webhook", server.url(), attach=True)
    assert server.requests == []  # neither request was complete


@pytest.mark.parametrize("kind", ["webhook", "slack", "teams"])
def test_what_the_other_side_repeats_gives_no_secret_away(
    tmp_path: Path, server: WebServer, kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    world = ChannelWorld(tmp_path)
    url = server.url(f"/in/{SECRET}-path?sig={SECRET}-query").replace("http://", f"http://ann:{SECRET}-password@")
    secret = SECRET if kind == "webhook" else ""
    echo = f"bad {url} {secret} {SECRET}-path {SECRET}-query {SECRET}-password".encode()
    for status in (200, 302, 403, 503):
        server.answers = [reply(status, echo, Location=url)]
        try:
            said = str(world.send(kind, url, secret=secret))
        except (PermanentFailure, TransientFailure) as failure:
            said = f"{failure} {failure!r} {failure.answer!r}"  # type: ignore[union-attr]
        assert "***" in said
        assert "pl4nted" not in said
    server.answers = [cut]
    with pytest.raises((NotNow, NoAnswer)) as caught:
        world.send(kind, url, secret=secret)
    assert "pl4nted" not in str(caught.value)
    assert "pl4nted" not in caplog.text
