"""`python -m libs.local`, as a person uses it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.local.processes import marked

TINY_SERVICE = Path(__file__).with_name("tiny_service.py")
REPOSITORY = Path(__file__).parents[3]

Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "var"


@pytest.fixture
def procfile(tmp_path: Path) -> Path:
    path = tmp_path / "Procfile"
    path.write_text(f"alpha: python {shlex.quote(str(TINY_SERVICE))} alpha\n")
    return path


@pytest.fixture
def run(root: Path, procfile: Path) -> Iterator[Run]:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PRESSROOM_")}
    environ |= {"PRESSROOM_BROKER_URL": "amqp://nobody:hush-hush@127.0.0.1:1/"}

    def command(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "libs.local", name, "--root", str(root), "--procfile", str(procfile), *arguments]
        return subprocess.run(words, env=environ, cwd=REPOSITORY, capture_output=True, text=True, timeout=300)

    yield command
    command("down")


def test_up_prints_where_everything_is_and_returns_when_it_is_ready(run, root):
    done = run("up")
    assert done.returncode == 0, done.stderr
    assert f"is starting in {root}" in done.stdout
    assert f"token        {root / 'secrets' / 'admin-token'}" in done.stdout
    assert f"letters      {root / 'mail'}" in done.stdout
    assert re.search(r"alpha +http://127\.0\.0\.1:\d+/metrics", done.stdout)
    assert "hush-hush" not in done.stdout
    assert run("status").returncode == 0


def test_a_second_up_says_that_it_runs_and_prints_the_same(run):
    first, second = run("up").stdout.splitlines(), run("up").stdout.splitlines()
    assert "already runs" in second[0]
    assert first[1:] == second[1:]


def test_down_stops_it_and_a_second_down_has_nothing_to_do(run, root):
    run("up")
    first, second = run("down"), run("down")
    assert (first.returncode, second.returncode) == (0, 0)
    assert "has stopped" in first.stdout
    assert "Nothing runs" in second.stdout
    assert marked(root) == []


def test_down_where_nothing_ever_was_says_so_and_leaves_nothing(run, root):
    done = run("down")
    assert (done.returncode, done.stdout) == (0, f"Nothing runs in {root}.\n")
    assert not root.exists()


def test_an_up_that_fails_says_why_and_leaves_nothing_running(run, root, procfile):
    procfile.write_text(procfile.read_text().replace("alpha\n", "alpha --exits-after 0\n"))
    done = run("up")
    assert done.returncode == 1
    assert "alpha: it ends again and again." in done.stderr
    assert "no more ink" in done.stderr
    assert marked(root) == []
    assert "no more ink" in (root / "log" / "alpha.log").read_text()


def test_status_names_what_is_not_ready_and_fails(run, procfile):
    procfile.write_text(procfile.read_text() + procfile.read_text().replace("alpha", "beta"))
    run("up")
    beta = int(re.search(r"beta .*pid (\d+)", run("status").stdout)[1])
    os.kill(beta, signal.SIGSTOP)  # it lives and does nothing
    done = run("status")
    os.kill(beta, signal.SIGCONT)
    assert done.returncode == 1
    assert re.search(r"^beta .* answers on port \d+$", done.stdout, re.MULTILINE)
    assert re.search(r"^alpha +\w+ +pid \d+(, uptime [\d:]+)?$", done.stdout, re.MULTILINE)


def test_status_of_what_does_not_run_says_so_and_fails(run, root):
    done = run("status")
    assert (done.returncode, done.stdout) == (3, f"Nothing runs in {root}.\n")


def test_logs_shows_the_end_of_a_log(run):
    run("up")
    assert run("logs", "alpha", "-n", "1").stdout == "alpha starts\n"


def test_logs_names_those_that_there_are(run):
    run("up")
    done = run("logs", "gamma")
    assert done.returncode == 1
    assert "There is no log of gamma" in done.stderr
    assert "alpha, mailsink, supervisord" in done.stderr


def test_a_wrong_setting_is_named(run, procfile):
    procfile.write_text("Alpha = true\n")
    done = run("up")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "Procfile, line 1" in done.stderr


def test_a_folder_that_cannot_be_written_is_named(run, root):
    root.write_text("this is no folder")
    done = run("up")
    assert (done.returncode, done.stderr) == (1, f"File exists: {root}.\n")
