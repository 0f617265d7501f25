"""A private PostgreSQL run as a child of this process, for tests: quick, and gone when they end."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import psycopg
from psycopg import sql

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.ports import LOOPBACK
from libs.local.private_server import PrivateServer
from libs.local.program import Program

ACCOUNT = "postgres"
"""PostgreSQL refuses to run as root; the account that its packages make takes over then."""

# A test database is thrown away after the test: durability would only cost time.
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")


class PrivatePostgres(PrivateServer):
    """Starts and stops a server of its own on a free port; its log goes to `log`."""

    def __init__(self, log: Path) -> None:
        super().__init__("postgres", _programs(), ACCOUNT, log)

    def restart(self) -> None:
        """Stop the server, breaking its connections, and start it again."""
        self.stop()
        self.start_again()

    def stop(self) -> None:
        """Stop the server in an orderly way, breaking its connections; the databases stay."""
        self._server.stop(signal.SIGINT)

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

    def _make_data(self) -> None:
        password = self._secret_file("password", self._password)
        arguments = ["--username=pressroom", "--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        self._run(
            [self._programs / "initdb", "--pgdata", self.folder / "data", "--no-locale", "--no-sync", *arguments],
            "PostgreSQL's initdb failed",
        )

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
