"""One running Pressroom in one folder, under a supervisor."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.settings import PREFIX
from libs.local import addresses, processes
from libs.local.addresses import Addresses
from libs.local.child import tail
from libs.local.given import value_of
from libs.local.plan import make_plan
from libs.local.readiness import probes
from libs.local.supervisor import ProgramState, Supervisor

PROCFILE = Path(__file__).parents[2] / "Procfile"

STOP_SECONDS = 120
"""The groups of programs stop one after the other, each with its own patience."""

LEFTOVER_SECONDS = 15

STARTS = 4
"""A program that was started so often and is still not ready ends again and again: waiting does not help."""

LOG_BYTES = 2000

Ending = Literal["stopped", "nothing ran", "the supervisor had died"]


class Instance:
    """The Pressroom in the folder `root`. PRESSROOM_* settings in `environ` win over those that it makes up itself.

    `procfile` lists its services; they run in that file's folder. `preferred_ports` (by setting, such as API_PORT) are
    taken if they are free and the instance had no others before.
    """

    def __init__(
        self,
        root: Path,
        *,
        environ: Mapping[str, str] | None = None,
        procfile: Path = PROCFILE,
        preferred_ports: Mapping[str, int] = MappingProxyType({}),
    ) -> None:
        self.root = root.absolute()
        self.supervisor = Supervisor(self.root)
        self._environ = dict(os.environ if environ is None else environ)
        self._procfile = procfile.absolute()
        self._preferred_ports = preferred_ports

    def start(self) -> bool:
        """Start everything, without waiting until it is ready; False if it runs already."""
        with self._alone():
            if self.running():
                return False
            self._end_leftovers()
            self.supervisor.forget()
            plan = make_plan(self.root, self._environ, self._procfile, self._preferred_ports)
            self.supervisor.configure(plan.groups)
            addresses.remember(plan.addresses, self.root)
            self.supervisor.start(self._environ)
            return True

    def stop(self) -> Ending:
        """End everything that `start` began and nothing else; a TransientFailure if something does not end."""
        with self._alone():
            ran = self.running()
            if ran:
                self.supervisor.shutdown(STOP_SECONDS)
            leftovers = self._end_leftovers()
            self.supervisor.forget()
        if ran:
            return "stopped"
        return "the supervisor had died" if leftovers else "nothing ran"

    def start_service(self, name: str) -> None:
        """Start a program that was stopped; one that runs is left alone."""
        self.supervisor.start_program(name)

    def stop_service(self, name: str) -> None:
        """Stop a program until it is started again."""
        self.supervisor.stop_program(name)

    def wait_ready(self, timeout_seconds: float) -> None:
        """Return once every program is of use; a TransientFailure names those that are not, and shows their logs."""
        waiting = probes(self.addresses)
        seen: dict[str, set[int]] = {}
        deadline = time.monotonic() + timeout_seconds
        while waiting := {name: probe for name, probe in waiting.items() if probe()}:
            crashing = self._crashing(seen)
            if crashing or time.monotonic() > deadline:
                # Whoever ends again and again is the cause; the others only wait for it.
                missing = crashing or {name: probe() for name, probe in waiting.items()}
                raise TransientFailure(self._complaint(missing))
            time.sleep(0.1)

    def running(self) -> bool:
        """Whether the instance has been started, by whomever."""
        return self.supervisor.pid() is not None

    def status(self) -> dict[str, ProgramState]:
        """Each program by name; empty if nothing runs."""
        return self.supervisor.states() if self.running() else {}

    def pid(self, name: str) -> int:
        """The process id of a program; 0 while it does not run."""
        states = self.status()
        if name not in states:
            raise PermanentFailure(f"No program {name} runs in {self.root}, only: {', '.join(sorted(states)) or '-'}.")
        return states[name].pid

    def unready(self) -> dict[str, str]:
        """What is missing, for each program that is not of use just now."""
        return {name: missing for name, probe in probes(self.addresses).items() if (missing := probe())}

    def log(self, name: str) -> Path:
        """The log of a program."""
        return self.supervisor.log(name)

    @property
    def addresses(self) -> Addresses:
        """Where it answers, since it was last started."""
        return addresses.recall(self.root)

    @property
    def environment(self) -> dict[str, str]:
        """Its PRESSROOM_* variables: what the caller gives, and what it made up itself."""
        given = {name: value for name, value in self._environ.items() if name.startswith(PREFIX)}
        return given | self.addresses.environment

    @property
    def api_url(self) -> str:
        """Where the REST API answers."""
        return self.addresses.api_url

    @property
    def admin_token(self) -> str:
        """The first administrator's bearer token."""
        return value_of("ADMIN_TOKEN", self.environment)

    @property
    def broker_url(self) -> str:
        """The broker in use; the URL contains a password."""
        return value_of("BROKER_URL", self.environment)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Starting and stopping exclude each other, in whichever process they happen."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _end_leftovers(self) -> list[int]:
        """What the supervisor should have ended, or left behind when it was killed itself."""
        left = processes.marked(self.root)
        processes.end(left, LEFTOVER_SECONDS)
        return left

    def _crashing(self, seen: dict[str, set[int]]) -> dict[str, str]:
        """The programs that end again and again; `seen` keeps the process ids from call to call."""
        for name, state in self.status().items():
            if state.pid:
                seen.setdefault(name, set()).add(state.pid)
        return {name: "it ends again and again" for name, pids in seen.items() if len(pids) >= STARTS}

    def _complaint(self, missing: Mapping[str, str]) -> str:
        lines = [f"Not ready: {', '.join(missing)}."]
        lines += [f"{name}: {sentence}." for name, sentence in missing.items()]
        # Without its broker every service complains; then only the broker's log says why.
        causes = missing.keys() - self.addresses.operations_ports.keys() or missing.keys()
        for name in sorted(causes):
            lines += [f"The end of {self.log(name)}:", tail(self.log(name), LOG_BYTES).rstrip()]
        return "\n".join(lines)
