"""A private MariaDB run as a child of this process, for tests: quick, and gone when they end."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.ports import LOOPBACK
from libs.local.private_server import PrivateServer
from libs.local.program import Program

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


class PrivateMariaDB(PrivateServer):
    """Starts and stops a server of its own on a free port; its log goes to `log`."""

    def __init__(self, log: Path) -> None:
        super().__init__("mariadb", _programs(), ACCOUNT, log)

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
        self._secret_file(
            "first.sql",
            f"CREATE USER pressroom@'%' IDENTIFIED BY '{self._password}';\n"
            "GRANT ALL ON *.* TO pressroom@'%' WITH GRANT OPTION;\n",
        )
        self._run(
            [
                _install_program(self._programs),
                "--no-defaults",
                f"--datadir={self.folder / 'data'}",
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                *QUICK,
            ],
            "MariaDB's mariadb-install-db failed",
        )

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
