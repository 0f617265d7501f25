from __future__ import annotations

import sys
from pathlib import Path

import pytest

from libs.common.errors import PermanentFailure
from libs.local import procfile
from libs.local.instance import PROCFILE


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "Procfile"
    path.write_text(text)
    return path


def test_python_is_the_one_that_runs_us(tmp_path):
    assert procfile.read(written(tmp_path, "api: python -m services.api\n")) == {
        "api": (sys.executable, "-m", "services.api")
    }


def test_comments_and_empty_lines_say_nothing(tmp_path):
    assert procfile.read(written(tmp_path, "# all of them\n\nclock:   /bin/tick --every '5 s'\n")) == {
        "clock": ("/bin/tick", "--every", "5 s")
    }


@pytest.mark.parametrize("line", ["api", "api:", "An api: python", "api: true\napi: false", ": true"])
def test_a_wrong_line_is_named(tmp_path, line):
    with pytest.raises(PermanentFailure, match=rf"Procfile, line {len(line.splitlines())}:"):
        procfile.read(written(tmp_path, line))


def test_the_four_services_are_in_the_list():
    assert set(procfile.read(PROCFILE)) == {"api", "scheduler", "generator", "mailer"}
