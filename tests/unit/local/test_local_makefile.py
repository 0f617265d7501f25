from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
INTERNAL = {"rabbitmq", "postgresql", "mariadb", "postfix"}


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # The tests may run under `make test`, whose flags would make this one talk about folders.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("MAKE") and name != "MFLAGS"}
    command = ["make", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=environ, capture_output=True, text=True, timeout=20)


def targets() -> set[str]:
    phony = re.search(r"^\.PHONY: (.+)$", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    assert phony
    return set(phony[1].split())


def test_make_alone_explains_every_target():
    explained = set(re.findall(r"^  make (\S+) +\S", make().stdout, re.MULTILINE))
    assert explained == targets() - INTERNAL


def test_without_a_python_that_is_new_enough_one_sentence_says_so(tmp_path):
    done = make(f"VENV={tmp_path / 'venv'}", "PYTHON=", "setup")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "Python 3.11 or newer" in done.stderr


def test_down_and_status_need_no_environment(tmp_path):
    for target in ("down", "status"):
        done = make(f"VENV={tmp_path / 'venv'}", target)
        assert (done.returncode, done.stdout) == (0, "Nothing runs here.\n")
    assert not (tmp_path / "venv").exists()
