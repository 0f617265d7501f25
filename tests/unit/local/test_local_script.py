from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from libs.local.program import Program
from libs.local.script import script

TELL = "import json, os, sys; print(json.dumps([os.getpid(), os.getcwd(), sys.argv[1:], dict(os.environ)]))"
AWKWARD = [
    "",
    "two words",
    "it's",
    'say "hi"',
    "$HOME `id` $(id)",
    "100%d",
    "a;b #c",
    "back\\slash",
    "ä€",
    "line\nbreak",
]


def told_by(
    program: Program, tmp_path: Path, environ: dict[str, str]
) -> tuple[int, int, str, list[str], dict[str, str]]:
    path = tmp_path / "it.sh"
    path.write_text(script(program), encoding="utf-8")
    with subprocess.Popen(["/bin/sh", path], env=environ, stdout=subprocess.PIPE) as process:
        output, _ = process.communicate(timeout=20)
    pid, folder, arguments, environment = json.loads(output)
    return process.pid, pid, folder, arguments, environment


def program(tmp_path: Path, *, inherits: bool, environment: dict[str, str] | None = None) -> Program:
    command = (sys.executable, "-c", TELL, *AWKWARD)
    return Program(name="teller", command=command, environment=environment or {}, directory=tmp_path, inherits=inherits)


def test_the_program_takes_the_place_of_its_script(tmp_path):
    started, pid, *_ = told_by(program(tmp_path, inherits=True), tmp_path, dict(os.environ))
    assert pid == started


def test_arguments_arrive_as_they_were(tmp_path):
    *_, arguments, _ = told_by(program(tmp_path, inherits=True), tmp_path, dict(os.environ))
    assert arguments == AWKWARD


@pytest.mark.parametrize("value", AWKWARD)
def test_a_variable_arrives_as_it_was(tmp_path, value):
    *_, environment = told_by(program(tmp_path, inherits=True, environment={"INK": value}), tmp_path, dict(os.environ))
    assert environment["INK"] == value


def test_a_program_that_inherits_has_the_callers_variables_too(tmp_path):
    *_, environment = told_by(program(tmp_path, inherits=True), tmp_path, {**os.environ, "PAPER": "white"})
    assert environment["PAPER"] == "white"


def test_a_program_that_does_not_inherit_sees_nothing_of_the_caller(tmp_path):
    teller = program(tmp_path, inherits=False, environment={"PYTHONUTF8": "1"})
    *_, environment = told_by(teller, tmp_path, {**os.environ, "RABBITMQ_NODENAME": "somebody@else"})
    assert "RABBITMQ_NODENAME" not in environment
    assert environment["PYTHONUTF8"] == "1"


def test_the_script_goes_to_the_programs_folder_whatever_its_name(tmp_path):
    folder = tmp_path / "an 'odd' $folder"
    folder.mkdir()
    _, _, where, *_ = told_by(program(folder, inherits=True), tmp_path, dict(os.environ))
    assert Path(where) == folder.resolve()
