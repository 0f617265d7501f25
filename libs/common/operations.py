"""The port for operators: /health/live, /health/ready and /metrics."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from libs.common.errors import SettingsError
from libs.common.metrics import REGISTRY_IN_USE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = logging.getLogger(__name__)

Check = Callable[[], None]
"""Returns if all is well and raises with a sentence if not."""


class Health:
    """Whether this process works (`live`) and can do its job just now (`ready`)."""

    def __init__(self, live: Mapping[str, Check], ready: Mapping[str, Check]) -> None:
        self._live = live
        self._ready = ready

    def live(self) -> dict[str, str]:
        """Each part that has ended, with a sentence; empty if all is well. A restart is the cure."""
        return _failures(self._live)

    def ready(self) -> dict[str, str]:
        """Each thing that is missing, with a sentence; empty if all is well. Patience is the cure."""
        return {**_failures(self._live), **_failures(self._ready)}


class OperationsServer:
    """A small HTTP server in threads of its own, so that it answers even when the service is busy."""

    name = "operations"

    def __init__(self, host: str, port: int, health: Health) -> None:
        self._metrics = make_wsgi_app(REGISTRY_IN_USE)
        self._health = health
        try:
            self._server = make_server(host, port, self._answer, ThreadingWSGIServer, _QuietHandler)
        except OSError as error:
            raise SettingsError(f"The operations port {host}:{port} cannot be used: {error.strerror}.") from error
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.2,), name=self.name, daemon=True)

    @property
    def port(self) -> int:
        """The port in use; the given one, or a free one if that was 0."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self, timeout_seconds: float) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout_seconds)

    def alive(self) -> bool:
        """False once the thread has ended."""
        return self._thread.is_alive()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            page: Iterable[bytes] = self._metrics(environ, start_response)
            return page
        if path in ("/health/live", "/health/ready"):
            failures = self._health.live() if path == "/health/live" else self._health.ready()
            return _json(start_response, "503 Service Unavailable" if failures else "200 OK", health_body(failures))
        return _json(start_response, "404 Not Found", {"detail": "Try /health/live, /health/ready or /metrics."})


def health_body(failures: Mapping[str, str]) -> dict[str, object]:
    """What a health check answers."""
    return {"status": "failing", "failures": dict(failures)} if failures else {"status": "ok"}


def _failures(checks: Mapping[str, Check]) -> dict[str, str]:
    failures = {}
    for name, check in checks.items():
        try:
            check()
        except Exception as error:
            failures[name] = str(error) or type(error).__name__
    return failures


def _json(start_response: StartResponse, status: str, body: Mapping[str, object]) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [json.dumps(body).encode()]


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class's)
        """A probe every few seconds is no news."""
