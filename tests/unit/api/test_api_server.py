"""The web server is a part of the service: it starts, answers, finishes what is in hand and stops."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import httpx
import pytest

from libs.common.errors import SettingsError
from services.api.server import WebServer


class Slow:
    """An application whose answers wait until they are let go."""

    def __init__(self) -> None:
        self.arrived = threading.Event()
        self.let_go = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.arrived.set()
        if scope["path"] == "/slow":
            await asyncio.get_running_loop().run_in_executor(None, self.let_go.wait, 20)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})


def test_it_takes_a_free_port_and_stops_when_told() -> None:
    server = WebServer(Slow(), "127.0.0.1", 0)
    server.start()
    assert httpx.get(server.url).text == "ok"
    assert server.alive()
    server.stop(10)
    assert not server.alive()
    with pytest.raises(httpx.ConnectError):
        httpx.get(server.url)


def test_it_finishes_the_request_in_hand() -> None:
    app = Slow()
    server = WebServer(app, "127.0.0.1", 0)
    server.start()
    answers: list[str] = []
    request = threading.Thread(target=lambda: answers.append(httpx.get(f"{server.url}/slow", timeout=20).text))
    request.start()
    assert app.arrived.wait(10)
    stopping = threading.Thread(target=server.stop, args=(15,))
    stopping.start()
    app.let_go.set()
    request.join(15)
    stopping.join(15)
    assert answers == ["ok"]
    assert not server.alive()


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError) as refused:
            WebServer(Slow(), "127.0.0.1", port)
    assert str(refused.value) == (
        f"PRESSROOM_API_HOST and PRESSROOM_API_PORT say 127.0.0.1, port {port}, which is no good: "
        "Address already in use."
    )
