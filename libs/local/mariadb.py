"""A private MariaDB run as a child of this process, for tests: quick, and gone when they end."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.child import Child
from libs.local.ports import LOOPBACK, free_port
from libs.local.program import Program

START_SECONDS = 60
ACCOUNT = "mysql"
"""MariaDB refuses to run as root; the account that its packages make takes over then."""

# A test database is thrown away after the test: durability would only cost time.
QUICK = (
    "--skip-log-bin",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-buffer-pool-size=16M",
    "--innodb-log-file-size=4M",
    "--skip-name-resolve",
    "--character-set-server=utf8mb4",
)


class PrivateMariaDB:
    """Starts and stops a server of its own on a free port; its log goes to `log`."""

    def __init__(self, log: Path) -> None:
        self._programs = _programs()
        self._user = ACCOUNT if os.geteuid() == 0 else None
        self._password = secrets.token_urlsafe(24)
        self.port = free_port()
        # Not below the caller's folder: the account needs a path on which every folder lets it pass.
        self.folder = Path(tempfile.mkdtemp(prefix="pressroom-mariadb-"))
        self._server = Child(self._server_program(), log, self._user)

    def start(self) -> None:
        """Make the data folder, start the server and return when it answers."""
        if self._user:
            shutil.chown(self.folder, self._user)
        self._make_data()
        self._server.start()
        self._server.wait_until(self._answers, START_SECONDS)

    def close(self) -> None:
        """Stop the server and delete its data."""
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """The URL of a database; it contains the password."""
        return f"mariadb://pressroom:{self._password}@{LOOPBACK}:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Make the empty database `name` and give its URL."""
        with self.connect() as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}`")
        return self.url(name)

    def connect(self, database: str | None = None) -> Any:
        """A connection of the owner of all databases; every statement is committed."""
        import pymysql  # only the tests have it here

        return pymysql.connect(
            host=LOOPBACK,
            port=self.port,
            user="pressroom",
            password=self._password,
            database=database,
            autocommit=True,
            connect_timeout=5,
        )

    def _server_program(self) -> Program:
        options = (
            "--no-defaults",
            f"--datadir={self.folder / 'data'}",
            f"--bind-address={LOOPBACK}",
            f"--port={self.port}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--init-file={self.folder / 'first.sql'}",
            *QUICK,
        )
        command = (str(self._programs / "mariadbd"), *options)
        return Program(name="mariadb", command=command, environment=self._environment(), directory=self.folder)

    def _make_data(self) -> None:
        first = self.folder / "first.sql"
        first.touch(mode=0o600)
        first.write_text(
            f"CREATE USER pressroom@'%' IDENTIFIED BY '{self._password}';\n"
            "GRANT ALL ON *.* TO pressroom@'%' WITH GRANT OPTION;\n"
        )
        if self._user:
            shutil.chown(first, self._user)
        done = subprocess.run(
            [
                _install_program(self._programs),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *QUICK,
            ],
            cwd=self.folder,
            env=self._environment(),
            capture_output=True,
            text=True,
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )
        if done.returncode != 0:
            raise PermanentFailure(f"MariaDB's mariadb-install-db failed: {done.stderr or done.stdout}")

    def _environment(self) -> dict[str, str]:
        return {"PATH": installed.program_path(os.environ), "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def _answers(self) -> bool:
        import pymysql

        try:
            self.connect().close()
        except pymysql.OperationalError:
            return False
        return True


def _programs() -> Path:
    found = installed.mariadb_programs(installed.program_path(os.environ))
    if found is None:
        raise PermanentFailure(
            "No MariaDB server is installed: install the package mariadb-server, or run `make mariadb`."
        )
    return found


def _install_program(programs: Path) -> str:
    path = os.pathsep.join([str(programs), installed.program_path(os.environ)])
    return shutil.which("mariadb-install-db", path=path) or "mariadb-install-db"
