"""Chats through Apprise, as it is: in a process of its own, against a web server with faults."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from channel_world import FILES, ChannelWorld, WebServer, cut, reply

from libs.common.errors import PermanentFailure
from services.mailer.answers import NoAnswer, NotNow, Refused
from services.mailer.channels import chat_child
from services.mailer.channels.chat_talk import Asked

TOKEN = "pl4nted-t0ken"


@pytest.fixture
def world(tmp_path: Path) -> ChannelWorld:
    return ChannelWorld(tmp_path)


@pytest.fixture
def server() -> Iterator[WebServer]:
    with WebServer() as server:
        yield server


def test_a_chat_gets_a_text_and_the_files_if_it_takes_them(world: ChannelWorld, server: WebServer) -> None:
    receipt = world.send("chat", f"gotify://127.0.0.1:{server.port}/{TOKEN}", attach=True)
    assert (receipt.answer.code, receipt.form, world.claims) == (200, "link", 1)  # Gotify takes no files
    [message] = server.requests
    said = json.loads(message.body)
    assert said["title"] == "Sales <b>by</b> region & *more*"
    assert "Amount: 10.204,50 € (+12 %)" in said["message"]
    assert "https://reports.example.org/api/v1/links/" in said["message"]

    assert world.send("chat", f"ntfy://127.0.0.1:{server.port}/topic", attach=True).form == "files"
    _, *files = server.requests
    assert {parse_qs(urlsplit(one.path).query)["filename"][0]: one.body for one in files} == FILES


def test_what_a_chat_answers_says_whether_trying_again_can_help(world: ChannelWorld, server: WebServer) -> None:
    url = f"gotify://127.0.0.1:{server.port}/{TOKEN}"
    server.answers = [reply(403), reply(503), cut]
    for failure in (Refused, NotNow, NoAnswer):
        with pytest.raises(failure) as caught:
            world.send("chat", url)
        assert TOKEN not in str(caught.value)
        assert "Warehouse (gotify://127.0.0.1/…)" in str(caught.value)


def test_no_chat_leads_into_a_network_that_may_not_be_reached(tmp_path: Path, server: WebServer) -> None:
    """A redirect; a name is the same to the hook, which sees addresses only."""
    with WebServer() as inner:
        world = ChannelWorld(tmp_path, networks="127.0.0.1/32")
        server.answers = [reply(307, b"", Location=f"http://127.0.0.2:{inner.port}/")]
        with pytest.raises(PermanentFailure, match="has no public address"):
            world.send("chat", f"gotify://127.0.0.1:{server.port}/{TOKEN}")
        assert (len(server.requests), inner.requests) == (1, [])


def test_a_chat_that_takes_too_long_is_ended(tmp_path: Path, server: WebServer) -> None:
    world = ChannelWorld(tmp_path, seconds=1)
    server.answers = [lambda connection: connection.recv(1) and None]
    with pytest.raises(NoAnswer, match="was not done within 1 seconds; it may have arrived"):
        world.send("chat", f"gotify://127.0.0.1:{server.port}/{TOKEN}")


@pytest.mark.parametrize(
    ("event", "arguments"),
    [
        ("socket.connect", (None, ("10.0.0.1", 80))),
        ("socket.connect", (None, ("169.254.169.254", 80))),
        ("socket.connect", (None, ("::1", 80, 0, 0))),
        ("socket.connect", (None, "/var/run/docker.sock")),
        ("socket.connect", (None, ("localhost", 80))),
        ("socket.sendto", (None, ("10.0.0.1", 53))),
        ("open", ("/etc/passwd", "r", 0)),
        ("open", ("/root/.netrc", "r", 0)),
        ("open", (f"{Path(__file__).parents[3]}/var/ledger.sqlite", "r", 0)),
        ("open", ("/tmp/sales.xlsx", "w", os.O_WRONLY | os.O_CREAT)),
        ("open", (f"{Path(json.__file__).parent}/new.py", None, os.O_WRONLY | os.O_CREAT)),
        ("subprocess.Popen", ("sh", [], None, None)),
        ("os.system", ("true",)),
        ("os.posix_spawn", ("true", [], None)),
    ],
)
def test_what_speaks_to_chats_is_kept_from_all_else(event: str, arguments: tuple[object, ...]) -> None:
    guard = chat_child.Guard(chat_child.Networks("127.0.0.1"), ("/tmp/sales.xlsx",))
    with pytest.raises((chat_child.Forbidden, FileNotFoundError)):
        guard(event, arguments)
    guard("socket.connect", (None, ("127.0.0.1", 80)))
    guard("open", ("/tmp/sales.xlsx", "r", 0))


def test_the_two_processes_understand_each_other() -> None:
    asked = Asked(url="x://", title="", body="", files=(), networks="")
    assert chat_child.msgspec.json.decode(chat_child.msgspec.json.encode(asked), type=Asked) == asked
