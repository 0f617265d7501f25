from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.local.processes import MARK, PROC, alive, belongs, end, marked

pytestmark = pytest.mark.skipif(not PROC.is_dir(), reason="marks are read from /proc")

DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start() -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(
        mark: Path | None, code: str = "import time; print('up', flush=True); time.sleep(600)"
    ) -> subprocess.Popen[str]:
        environ = {**os.environ, MARK: str(mark)} if mark else dict(os.environ)
        process = subprocess.Popen([sys.executable, "-c", code], env=environ, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout
        process.stdout.readline()
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


def test_the_processes_of_an_instance_carry_its_mark_and_no_others(start, tmp_path):
    ours = start(tmp_path)
    start(tmp_path / "another")
    start(None)
    assert marked(tmp_path) == [ours.pid]


def test_a_child_has_the_mark_of_its_parent(start, tmp_path):
    parent = start(
        tmp_path, "import subprocess, sys; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True); p.wait()"
    )
    children = [pid for pid in marked(tmp_path) if pid != parent.pid]
    assert len(children) == 1
    end(children, 5)


def test_ending_is_polite_first_and_then_by_force(start, tmp_path):
    polite, deaf = start(tmp_path), start(tmp_path, DEAF)
    end([polite.pid, deaf.pid], patience_seconds=0.2)
    assert [polite.wait(5), deaf.wait(5)] == [-15, -9]


def test_a_process_that_only_waits_to_be_noticed_has_ended(start):
    process = start(None)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not alive(process.pid)


def test_a_living_stranger_with_a_remembered_id_does_not_belong(start, tmp_path):
    assert not belongs(start(None).pid, tmp_path)
    assert belongs(start(tmp_path).pid, tmp_path)
