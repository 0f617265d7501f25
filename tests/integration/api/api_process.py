"""A real api process, and both ends of the broker it speaks to."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import msgspec

from libs.common.clock import utc_now
from libs.common.connection import open_connection
from libs.common.envelope import pack
from libs.common.messages import Event, GenerateReport
from libs.common.publisher import ConfirmingPublisher
from libs.common.sealing import new_key
from libs.common.topology import EVENTS, Topology
from libs.local.ports import free_port
from libs.local.waiting import wait_until

REPOSITORY = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0
TOKEN = "the-admin-token-of-the-tests"

SOURCE = {"name": "flights", "url": "postgresql://reader:s3cret-pw@db.example/flights"}
TEMPLATE = {
    "slug": "delays",
    "title": "Delays",
    "source": "flights",
    "query": "SELECT carrier FROM flights WHERE month = :month",
    "parameters": [{"name": "month", "type": "integer", "default": 1}],
}
SCHEDULE = {
    "name": "Delays every morning",
    "report_type": "delays",
    "frequency": "daily",
    "schedule_config": {"hour": 8},
    "recipients": ["ann@example.com"],
}


class ApiProcess:
    """`python -m services.api` with its log in `folder`. Several of them may share a store."""

    def __init__(self, folder: Path, broker_url: str, store_url: str, *, seal_keys: str | None = None) -> None:
        self.port, self.operations_port = free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / f"api-{self.port}.log"
        self.environment = {
            "PATH": os.environ["PATH"],
            "PRESSROOM_BROKER_URL": broker_url,
            "PRESSROOM_API_STORE_URL": store_url,
            "PRESSROOM_API_PORT": str(self.port),
            "PRESSROOM_API_OPERATIONS_PORT": str(self.operations_port),
            "PRESSROOM_ARTIFACTS_URL": str(folder / "artifacts"),
            "PRESSROOM_SEAL_KEYS": seal_keys or new_key(),
            "PRESSROOM_ADMIN_TOKEN": TOKEN,
            "PRESSROOM_QUEUE_WATCH_SECONDS": "0.5",
            "PRESSROOM_SOURCE_TEST_SECONDS": "0",  # most tests have no generator
            "PRESSROOM_TEMPLATE_CHECK_SECONDS": "0",
        }
        self.http = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=30)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when requests are answered; the broker may still be away."""
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "services.api"],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        soon(lambda: self._process_ended() or self.answers("/health/live"), f"the api starts ({self.log})")
        assert not self._process_ended(), self.log.read_text()

    def answers(self, path: str) -> bool:
        """Whether `path` is answered with 200."""
        try:
            return self.http.get(path).status_code == 200
        except httpx.TransportError:
            return False

    def made(self, path: str, body: object, **headers: str) -> dict[str, Any]:
        """What a POST that must succeed has created."""
        answer = self.http.post(f"/api/v1{path}", json=body, headers=headers)
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json())

    def with_template(self) -> None:
        """Make the source `flights` and the template `delays`."""
        self.made("/sources/", SOURCE)
        self.made("/templates/", TEMPLATE)

    def shown(self, path: str) -> dict[str, Any]:
        """What a GET that must succeed shows."""
        answer = self.http.get(f"/api/v1{path}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def terminate(self) -> int:
        """Ask the process to stop; its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(PATIENCE_SECONDS)

    def kill(self) -> None:
        """End the process at once."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(PATIENCE_SECONDS)

    def close(self) -> None:
        """End what is left of it."""
        self.http.close()
        if self._process is not None and not self._process_ended():
            self.kill()

    def lines(self) -> list[dict[str, Any]]:
        """What it has logged."""
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def _process_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None


def soon(condition: Callable[[], bool], what: str) -> None:
    """Wait until `condition` holds."""
    wait_until(condition, PATIENCE_SECONDS, lambda: f"It did not happen: {what}.", every_seconds=0.05)


def publish(broker_url: str, *events: Event) -> None:
    """Send events as another service does."""
    publisher = ConfirmingPublisher(broker_url, Topology())
    parcels = [pack(event, message_id=str(uuid4()), now=utc_now()) for event in events]
    assert len(publisher.publish(parcels)) == len(events)
    publisher.close()


class Queue:
    """Looks into one queue from outside."""

    def __init__(self, broker_url: str, name: str) -> None:
        self._broker_url = broker_url
        self._name = name
        self.bodies: list[Any] = []

    def look(self) -> list[Any]:
        """Take out what is there; all that was taken out so far."""
        with open_connection(self._broker_url) as connection:
            channel = connection.default_channel
            Topology().declare(channel)
            while (message := channel.basic_get(self._name, no_ack=True)) is not None:
                self.bodies.append(json.loads(message.body))
        return self.bodies

    def commands(self) -> list[GenerateReport]:
        """The commands that were taken out."""
        return [msgspec.convert(body["kwargs"], GenerateReport) for body in self.bodies]


def tap(broker_url: str, pattern: str) -> Queue:
    """A queue of our own that hears the events that match `pattern` from now on."""
    name = f"tests.tap.{uuid4()}"
    with open_connection(broker_url) as connection:
        channel = connection.default_channel
        Topology().declare(channel)
        channel.queue_declare(name, durable=True, auto_delete=False)
        channel.queue_bind(name, EVENTS, pattern)
    return Queue(broker_url, name)
