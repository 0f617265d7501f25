"""supervisord, which starts the programs of an instance, restarts what dies and ends them all."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ProtocolError, ServerProxy

import msgspec
from supervisor.xmlrpc import Faults, SupervisorTransport

from libs.common.errors import PermanentFailure, TransientFailure
from libs.local import processes
from libs.local.alias import forget_alias, plain_path
from libs.local.files import write
from libs.local.program import Program
from libs.local.script import script
from libs.local.waiting import wait_until

START_SECONDS = 30

SUPERVISORD = """[supervisord]
logfile = log/supervisord.log
logfile_maxbytes = 10MB
logfile_backups = 3
pidfile = supervisord.pid
childlogdir = log
{user}
[unix_http_server]
file = {socket}
chmod = 0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""

# All paths are relative, since supervisord would read some characters of an absolute one as its own syntax.
# startsecs: what ends within it counts as a failed start and is tried again a little later each time (1 s, 2 s, 3 s …).
# startretries: supervisord gives up after so many failed starts in a row; nobody is there to start it again, so never.
PROGRAM = """
[program:{name}]
command = /bin/sh programs/{name}.sh
autorestart = true
startsecs = 5
startretries = 1000000
stopasgroup = true
killasgroup = true
stopwaitsecs = {stop_seconds}
redirect_stderr = true
stdout_logfile = log/{name}.log
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 3
priority = {priority}
"""

GROUP = """
[group:{name}]
programs = {programs}
priority = {priority}
"""


class ProgramState(msgspec.Struct, frozen=True, kw_only=True):
    """What the supervisor knows about one program; `state` is its word for it (RUNNING, BACKOFF, STOPPED …)."""

    name: str
    group: str
    state: str
    pid: int
    description: str


class Supervisor:
    """The supervisor of the instance in `root`. Whoever runs this code need not be the one who started it."""

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()

    def log(self, name: str) -> Path:
        """The log of a program."""
        return self.root / "log" / f"{name}.log"

    def configure(self, groups: Mapping[str, Sequence[Program]]) -> None:
        """Write what the supervisor reads. All groups start at once; they stop one by one, the last one first."""
        (self.root / "programs").mkdir(mode=0o700, exist_ok=True)
        (self.root / "log").mkdir(exist_ok=True)
        user = "user = root\n" if os.geteuid() == 0 else ""
        parts = [SUPERVISORD.format(user=user, socket=self._socket)]
        for rank, (group, programs) in enumerate(groups.items(), start=1):
            names = ",".join(program.name for program in programs)
            parts.append(GROUP.format(name=group, programs=names, priority=rank))
            parts += [self._program(program, order) for order, program in enumerate(programs, start=1)]
        write(self.root / "supervisord.conf", "".join(parts))

    def start(self, environ: Mapping[str, str]) -> None:
        """Start the supervisor and with it all programs; `environ` is what they inherit."""
        done = subprocess.run(
            [sys.executable, "-m", "supervisor.supervisord", "-c", "supervisord.conf"],
            cwd=self.root,
            env={**environ, processes.MARK: str(self.root)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise PermanentFailure(f"The supervisor did not start: {done.stderr.strip() or done.stdout.strip()}")
        wait_until(
            self.answers, START_SECONDS, lambda: f"The supervisor does not answer; see {self.log('supervisord')}."
        )

    def pid(self) -> int | None:
        """The supervisor's process id, or None if it does not run."""
        try:
            pid = int((self.root / "supervisord.pid").read_text())
        except (OSError, ValueError):
            return None
        return pid if processes.belongs(pid, self.root) else None

    def answers(self) -> bool:
        """Whether the supervisor takes orders."""
        try:
            self._call("getState")
        except TransientFailure:
            return False
        return True

    def states(self) -> dict[str, ProgramState]:
        """Each program by name."""
        found = (_state(facts) for facts in self._call("getAllProcessInfo"))
        return {state.name: state for state in found}

    def start_program(self, name: str) -> None:
        """Start a program that was stopped; one that runs is left alone."""
        self._call("startProcess", self._full_name(name), False, unless=Faults.ALREADY_STARTED)

    def stop_program(self, name: str) -> None:
        """Stop a program, which then stays stopped, and return when it has ended."""
        self._call("stopProcess", self._full_name(name), True, unless=Faults.NOT_RUNNING)

    def shutdown(self, timeout_seconds: float) -> None:
        """Stop all programs and the supervisor, and return when they have ended."""
        pid = self.pid()
        self._call("shutdown")
        wait_until(
            lambda: pid is None or not processes.alive(pid),
            timeout_seconds,
            lambda: f"The supervisor does not end; see {self.log('supervisord')}.",
        )

    def forget(self) -> None:
        """Remove what only a running supervisor needs."""
        for name in ("supervisord.pid", "supervisor.sock"):
            (self.root / name).unlink(missing_ok=True)
        forget_alias(self.root)

    @property
    def _socket(self) -> Path:
        return plain_path(self.root) / "supervisor.sock"

    def _program(self, program: Program, order: int) -> str:
        write(self.root / "programs" / f"{program.name}.sh", script(program), mode=0o700)
        return PROGRAM.format(name=program.name, stop_seconds=program.stop_seconds, priority=order)

    def _full_name(self, name: str) -> str:
        states = self.states()
        if name not in states:
            raise PermanentFailure(f"There is no program {name} here, only {', '.join(sorted(states))}.")
        return f"{states[name].group}:{name}"

    def _call(self, method: str, *arguments: object, unless: int | None = None) -> Any:
        transport = SupervisorTransport(None, None, f"unix://{self._socket}")
        try:
            with ServerProxy("http://127.0.0.1", transport=transport) as server:
                return getattr(server.supervisor, method)(*arguments)
        except Fault as fault:
            if fault.faultCode == unless:
                return None
            raise TransientFailure(f"The supervisor refuses {method}: {fault.faultString}.") from fault
        except (OSError, http.client.HTTPException, ProtocolError) as error:
            raise TransientFailure(f"The supervisor of {self.root} does not answer: {error}.") from error


def _state(facts: dict[str, Any]) -> ProgramState:
    return ProgramState(
        name=facts["name"],
        group=facts["group"],
        state=facts["statename"],
        pid=facts["pid"],
        description=facts["description"],
    )
