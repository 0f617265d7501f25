"""A service as a real process: what its exit code says, and what it still does when it is asked to stop."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from broker_tools import Broker, soon

from libs.local.ports import free_port

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


class Process:
    """The service, and what it says."""

    def __init__(self, health: str, environ: dict[str, str]) -> None:
        self.port = int(environ["PRESS_PORT"])
        self._process = subprocess.Popen(
            [sys.executable, HERE / "press_service.py", health],
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def status(self, path: str) -> int:
        """The HTTP status of a health check; 0 while nobody answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except HTTPError as error:
            return error.code
        except URLError:
            return 0

    def terminate(self) -> None:
        self._process.send_signal(signal.SIGTERM)

    def end(self) -> tuple[int, list[dict[str, Any]], str]:
        """The exit code, the log and standard error."""
        output, errors = self._process.communicate(timeout=30)
        return self._process.returncode, [json.loads(line) for line in output.splitlines()], errors

    def kill(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


Start = Callable[..., Process]


@pytest.fixture
def start(broker_url: str, tmp_path: Path) -> Iterator[Start]:
    processes: list[Process] = []

    def start(health: str = "well", **environ: str) -> Process:
        usual = {
            "PRESSROOM_BROKER_URL": broker_url,
            "PRESS_PORT": str(free_port()),
            "PRESS_STORE_URL": f"sqlite:///{tmp_path}/press.sqlite",
        }
        processes.append(Process(health, {**usual, **environ}))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()


def test_a_service_that_is_asked_to_stop_says_its_last_words_and_ends_with_0(start: Start, broker: Broker) -> None:
    process = start()
    soon(lambda: process.status("/health/ready") == 200)
    assert process.status("/health/live") == 200
    process.terminate()
    code, lines, errors = process.end()
    assert (code, errors) == (0, "")
    assert (lines[-1]["message"], lines[-1]["exit_code"]) == ("the service has stopped", 0)
    assert broker.ready("pressroom.events.api") == 1, "the relay stops last"


def test_a_service_whose_part_has_ended_ends_with_1_and_names_it(start: Start) -> None:
    code, lines, _ = start("ill").end()
    assert code == 1
    critical = [line for line in lines if line["level"] == "CRITICAL"]
    assert [line["message"] for line in critical] == [
        "a setting is wrong",
        "a part has ended by itself; the service stops",
    ]
    assert critical[0]["reason"] == "This part cannot go on."
    assert critical[1]["parts"] == ["talker"]


def test_a_wrong_setting_is_one_sentence_and_ends_with_2(start: Start) -> None:
    code, lines, errors = start(PRESSROOM_QUEUE_TYPE="stream").end()
    assert (code, lines) == (2, [])
    assert errors.startswith("PRESSROOM_QUEUE_TYPE is wrong: it must be quorum or classic.")
    assert len(errors.splitlines()) == 1


def test_a_service_without_a_broker_is_live_but_not_ready_and_stops_quickly(start: Start) -> None:
    process = start(PRESSROOM_BROKER_URL=f"amqp://ann:tiptop@127.0.0.1:{free_port()}/")
    soon(lambda: process.status("/health/ready") == 503)
    assert process.status("/health/live") == 200
    asked = time.monotonic()
    process.terminate()
    code, lines, _ = process.end()
    assert code == 0
    assert time.monotonic() - asked < 5
    assert "tiptop" not in json.dumps(lines)
