"""What the container runtime asks, and what a service answers."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator

import pytest

from libs.common.operations import Health, OperationsServer


def refuse() -> None:
    raise RuntimeError("The broker does not answer.")


@pytest.fixture
def operations() -> Iterator[Callable[..., str]]:
    """Starts the operations port of a service with the given readiness checks; its URL for readiness."""
    servers = []

    def start(**ready: Callable[[], None]) -> str:
        server = OperationsServer("127.0.0.1", 0, Health(live={}, ready=ready))
        server.start()
        servers.append(server)
        return f"http://127.0.0.1:{server.port}/health/ready"

    yield start
    for server in servers:
        server.stop(5)


def test_a_service_that_is_ready_is_healthy(health_check, operations):
    assert health_check.main(operations(broker=lambda: None)) == 0


def test_a_service_that_is_not_ready_is_unhealthy_and_says_why(health_check, operations, capsys):
    assert health_check.main(operations(broker=refuse)) == 1
    assert "The broker does not answer." in capsys.readouterr().out


def test_a_service_that_is_gone_is_unhealthy(health_check, capsys):
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and nobody listens
        assert health_check.main(f"http://127.0.0.1:{nobody.getsockname()[1]}/health/ready") == 1
    assert "does not answer" in capsys.readouterr().out
