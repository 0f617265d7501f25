"""What private database servers have in common: a folder, an account, a password and a free port of their own."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.child import Child
from libs.local.ports import free_port
from libs.local.program import Program

START_SECONDS = 60


class PrivateServer:
    """Starts and stops a server of its own on a free port; its log goes to `log`.

    `account` takes over where the server refuses to run as root: the one that its packages make.
    """

    def __init__(self, name: str, programs: Path, account: str, log: Path) -> None:
        self._programs = programs
        self._user = account if os.geteuid() == 0 else None
        self._password = secrets.token_urlsafe(24)
        self.port = free_port()
        # Not below the caller's folder: the account needs a path on which every folder lets it pass.
        self.folder = Path(tempfile.mkdtemp(prefix=f"pressroom-{name}-"))
        self._server = Child(self._server_program(), log, self._user)

    def start(self) -> None:
        """Make the data, start the server and return when it answers."""
        if self._user:
            shutil.chown(self.folder, self._user)
        self._make_data()
        self.start_again()

    def start_again(self) -> None:
        """Start the server after `stop`."""
        self._server.start()
        self._server.wait_until(self._answers, START_SECONDS)

    def stop(self) -> None:
        """Stop the server in an orderly way; the databases stay."""
        self._server.stop()

    def close(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _server_program(self) -> Program:
        raise NotImplementedError

    def _make_data(self) -> None:
        raise NotImplementedError

    def _answers(self) -> bool:
        raise NotImplementedError

    def _secret_file(self, name: str, content: str) -> Path:
        """A file that only the server may read."""
        file = self.folder / name
        file.touch(mode=0o600)
        file.write_text(content)
        if self._user:
            shutil.chown(file, self._user)
        return file

    def _run(self, command: Sequence[str | Path], failure: str) -> None:
        """Run a program of the server's as its account; PermanentFailure begins with `failure`."""
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )
        if done.returncode != 0:
            raise PermanentFailure(f"{failure}: {done.stderr or done.stdout}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": installed.program_path(os.environ), "HOME": str(self.folder), "LANG": "C.UTF-8"}
