"""The Procfile: the one list of Pressroom's processes, a line `name: command` each."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

from libs.common.errors import PermanentFailure

LINE = re.compile(r"(?P<name>[a-z][a-z0-9_]*):\s*(?P<command>\S.*)")


def read(procfile: Path) -> dict[str, tuple[str, ...]]:
    """The command of each process, `python` being the one that runs us; a PermanentFailure names a wrong line."""
    commands: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(procfile.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        match = LINE.fullmatch(line.strip())
        if match is None or match["name"] in commands:
            raise PermanentFailure(f"{procfile}, line {number}: each line is `name: command` with a name of its own.")
        commands[match["name"]] = _command(match["command"])
    return commands


def _command(text: str) -> tuple[str, ...]:
    program, *arguments = shlex.split(text)
    return (sys.executable if program == "python" else program, *arguments)
