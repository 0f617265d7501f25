"""A program as a shell script: what the supervisor runs, and what a person can run by hand to see what it sees."""

from __future__ import annotations

import shlex

from libs.local.program import Program

HEAD = "#!/bin/sh\n# Written when the instance starts; changes are lost.\n"


def script(program: Program) -> str:
    """A script that becomes `program`, so that the process id stays the one the supervisor knows."""
    environment = [f"{name}={value}" for name, value in sorted(program.environment.items())]
    env = ["env"] if program.inherits else ["env", "-i"]
    command = shlex.join([*env, *environment, *program.command])
    return f"{HEAD}cd {shlex.quote(str(program.directory))} && exec {command}\n"
