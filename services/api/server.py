"""The web server as a part of the service: uvicorn in a thread, stopped by the service and not by signals."""

from __future__ import annotations

import asyncio
import logging
import math
import os
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn
from litestar.types import ASGIApp

from libs.common.errors import SettingsError

log = logging.getLogger(__name__)

START_SECONDS = 30.0
HANDLER_THREADS = 16
"""How many requests are worked on at once; the others wait. A few more than the store has connections."""


class WebServer:
    """Listens on `host` and `port`; port 0 takes a free one."""

    name = "web"

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._socket = _bound(host, port)
        self.url = _url(self._socket)
        """Where it answers."""
        config = uvicorn.Config(
            app,
            log_config=None,
            log_level="warning",
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_keep_alive=75,
        )
        self._config = config
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin to answer; returns when it does."""
        self._thread.start()
        self._server.ready.wait(START_SECONDS)
        if self._server.started:
            log.info("the api answers", extra={"url": self.url})

    def stop(self, timeout_seconds: float) -> None:
        """Take no new requests and finish those in hand, within the time."""
        self._config.timeout_graceful_shutdown = max(1, math.floor(timeout_seconds) - 1)
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def alive(self) -> bool:
        """False once the server has ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self._server.ready.set()


class _Server(uvicorn.Server):
    """Says when it has started, and gives the handlers threads of their own."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        # The default has four threads more than there are processors: too few where most of the time is waiting.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(HANDLER_THREADS, thread_name_prefix="web"))
        await super().startup(sockets)
        self.ready.set()


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(
            f"PRESSROOM_API_HOST and PRESSROOM_API_PORT say {host}, port {port}, which is no good: {reason}."
        ) from error
