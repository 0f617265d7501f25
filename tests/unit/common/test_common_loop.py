from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from libs.common.errors import SettingsError, TransientFailure
from libs.common.loop import FIRST_PAUSE_SECONDS, Loop
from libs.local.waiting import wait_until

Start = Callable[[Callable[[], bool], float], Loop]


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts a loop that is stopped at the end of the test."""
    loops: list[Loop] = []

    def start(step: Callable[[], bool], every_seconds: float) -> Loop:
        loops.append(Loop("press", step, every_seconds))
        loops[-1].start()
        return loops[-1]

    yield start
    for loop in loops:
        loop.stop(5)


def soon(condition: Callable[[], bool]) -> None:
    wait_until(condition, 5, lambda: "the loop did not do what it should", every_seconds=0.005)


def test_a_step_that_found_work_is_followed_by_the_next_at_once(start: Start) -> None:
    work = iter([True, True, True])
    steps: list[bool] = []

    def step() -> bool:
        steps.append(next(work, False))
        return steps[-1]

    start(step, 3600)
    soon(lambda: steps == [True, True, True, False])


def test_a_loop_that_pauses_can_be_woken(start: Start) -> None:
    steps: list[int] = []

    def step() -> bool:
        steps.append(1)
        return False

    loop = start(step, 3600)
    soon(lambda: len(steps) == 1)
    loop.wake()
    soon(lambda: len(steps) == 2)


def test_failures_are_followed_by_growing_pauses_and_never_end_the_loop(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    failures = iter([TransientFailure("The broker is away."), ValueError("a bug"), TransientFailure("still away")])
    recovered = threading.Event()

    def step() -> bool:
        if failure := next(failures, None):
            raise failure
        recovered.set()
        return False

    loop = start(step, 0.01)
    assert recovered.wait(5)
    assert loop.alive()
    assert [line.levelname for line in caplog.records] == ["WARNING", "ERROR", "WARNING"]
    pauses = [line.pause_seconds for line in caplog.records]  # type: ignore[attr-defined]
    assert pauses[0] == FIRST_PAUSE_SECONDS
    assert pauses[0] < pauses[1] < pauses[2]
    pauses = [line.pause_seconds for line in caplog.records]  # type: ignore[attr-defined]
    assert 0.1 < pauses[0] < pauses[1] < pauses[2] < 5


def test_a_wrong_setting_ends_the_loop(start: Start, caplog: pytest.LogCaptureFixture) -> None:
    def step() -> bool:
        raise SettingsError("The queue has another type.")

    loop = start(step, 0.01)
    soon(lambda: not loop.alive())
    assert [(line.levelname, line.reason) for line in caplog.records] == [  # type: ignore[attr-defined]
        ("CRITICAL", "The queue has another type.")
    ]


def test_stopping_does_not_wait_for_the_end_of_a_pause(start: Start) -> None:
    stepped = threading.Event()

    def step() -> bool:
        stepped.set()
        return False

    loop = start(step, 3600)
    assert stepped.wait(5)
    started = time.monotonic()
    loop.stop(30)
    assert not loop.alive()
    assert time.monotonic() - started < 1


def test_stopping_lets_the_step_in_hand_finish(start: Start) -> None:
    begun, finished = threading.Event(), threading.Event()

    def step() -> bool:
        begun.set()
        time.sleep(0.2)
        finished.set()
        return True

    loop = start(step, 0.01)
    assert begun.wait(5)
    loop.stop(5)
    assert finished.is_set()
    assert not loop.alive()
