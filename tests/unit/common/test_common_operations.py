from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from libs.common.errors import SettingsError, TransientFailure
from libs.common.operations import Check, Health, OperationsServer

Serve = Callable[[Mapping[str, Check], Mapping[str, Check]], OperationsServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a server on a free port, with these checks for life and readiness."""
    servers: list[OperationsServer] = []

    def serve(live: Mapping[str, Check], ready: Mapping[str, Check]) -> OperationsServer:
        servers.append(OperationsServer("127.0.0.1", 0, Health(live, ready)))
        servers[-1].start()
        return servers[-1]

    yield serve
    for server in servers:
        server.stop(5)


def get(server: OperationsServer, path: str) -> tuple[int, str]:
    try:
        with urlopen(f"http://127.0.0.1:{server.port}{path}", timeout=5) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def fine() -> None:
    """All is well."""


def away() -> None:
    raise TransientFailure("The store is away.")


def test_a_service_that_works_is_live_and_ready(serve: Serve) -> None:
    server = serve({"parts": fine}, {"store": fine})
    assert get(server, "/health/live") == (200, '{"status": "ok"}')
    assert get(server, "/health/ready") == (200, '{"status": "ok"}')


def test_a_service_that_misses_something_is_live_but_not_ready_and_says_why(serve: Serve) -> None:
    server = serve({"parts": fine}, {"store": away, "broker": fine})
    assert get(server, "/health/live")[0] == 200
    status, body = get(server, "/health/ready")
    assert status == 503
    assert json.loads(body) == {"status": "failing", "failures": {"store": "The store is away."}}


def test_a_service_with_an_ended_part_is_neither(serve: Serve) -> None:
    server = serve({"parts": away}, {"store": fine})
    assert get(server, "/health/live")[0] == get(server, "/health/ready")[0] == 503


def test_the_metrics_are_prometheus_text(serve: Serve) -> None:
    status, page = get(serve({}, {}), "/metrics")
    assert status == 200
    assert "# TYPE pressroom_report_rows_total counter" in page


def test_another_path_says_which_ones_there_are(serve: Serve) -> None:
    status, body = get(serve({}, {}), "/")
    assert status == 404
    assert "/health/ready" in body


def test_a_port_in_use_is_a_wrong_setting(serve: Serve) -> None:
    taken = serve({}, {}).port
    with pytest.raises(SettingsError, match=f"port 127.0.0.1:{taken} cannot be used: Address already in use"):
        OperationsServer("127.0.0.1", taken, Health({}, {}))
