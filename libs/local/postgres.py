"""A private PostgreSQL run as a child of this process, for tests: quick, and gone when they end."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg
from psycopg import sql

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.child import Child
from libs.local.ports import LOOPBACK, free_port
from libs.local.program import Program

START_SECONDS = 60
ACCOUNT = "postgres"
"""PostgreSQL refuses to run as root; the account that its packages make takes over then."""

# A test database is thrown away after the test: durability would only cost time.
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


class PrivatePostgres:
    """Starts and stops a server of its own on a free port; its log goes to `log`."""

    def __init__(self, log: Path) -> None:
        self._programs = _programs()
        self._user = ACCOUNT if os.geteuid() == 0 else None
        self._password = secrets.token_urlsafe(24)
        self.port = free_port()
        # Not below the caller's folder: the account needs a path on which every folder lets it pass.
        self.folder = Path(tempfile.mkdtemp(prefix="pressroom-postgres-"))
        self._server = Child(self._server_program(), log, self._user)

    def start(self) -> None:
        """Make the database cluster, start the server and return when it answers."""
        if self._user:
            shutil.chown(self.folder, self._user)
        self._make_cluster()
        self._server.start()
        self._server.wait_until(self._answers, START_SECONDS)

    def restart(self) -> None:
        """Stop the server, breaking its connections, and start it again."""
        self.stop()
        self.start_again()

    def stop(self) -> None:
        """Stop the server in an orderly way, breaking its connections; the databases stay."""
        self._server.stop(signal.SIGINT)

    def start_again(self) -> None:
        """Start the server after `stop`."""
        self._server.start()
        self._server.wait_until(self._answers, START_SECONDS)

    def close(self) -> None:
        """Stop the server and delete its data."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """The process id of the server."""
        return self._server.pid

    def url(self, database: str = "postgres") -> str:
        """The URL of a database; it contains the password."""
        return f"postgresql://pressroom:{self._password}@{LOOPBACK}:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Make the empty database `name` and give its URL."""
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    def _server_program(self) -> Program:
        settings = (f"listen_addresses={LOOPBACK}", f"port={self.port}", "unix_socket_directories=", *QUICK)
        options = [word for setting in settings for word in ("-c", setting)]
        command = (str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options)
        return Program(name="postgres", command=command, environment=self._environment(), directory=self.folder)

    def _make_cluster(self) -> None:
        password = self.folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._password)
        if self._user:
            shutil.chown(password, self._user)
        arguments = ["--username=pressroom", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        done = subprocess.run(
            [self._programs / "initdb", "--pgdata", self.folder / "data", "--no-locale", "--no-sync", *arguments],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )
        if done.returncode != 0:
            raise PermanentFailure(f"PostgreSQL's initdb failed: {done.stderr or done.stdout}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": installed.program_path(os.environ), "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False


def _programs() -> Path:
    found = installed.postgres_programs(installed.program_path(os.environ))
    if found is None:
        raise PermanentFailure(
            "No PostgreSQL server is installed: install the package postgresql, or run `make setup`."
        )
    return found
