"""Where the installed programs are that we run but do not ship: RabbitMQ, PostgreSQL, MariaDB, Postfix."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from libs.common.errors import PermanentFailure

# Distributions put wrappers on the PATH that insist on root or on an account of their own; these are the real scripts.
RABBITMQ_FOLDERS = (
    "/usr/lib/rabbitmq/bin",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/usr/lib64/rabbitmq/lib/rabbitmq_server-*/sbin",
    "/opt/rabbitmq/sbin",
    "/opt/homebrew/opt/rabbitmq/sbin",
    "/usr/local/opt/rabbitmq/sbin",
    "/home/linuxbrew/.linuxbrew/opt/rabbitmq/sbin",
    "/usr/local/lib/rabbitmq_server-*/sbin",
)
POSTGRES_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/libexec/postgresql*",
    "/usr/pgsql-*/bin",
    "/usr/lib/postgresql*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
)
MARIADB_FOLDERS = (
    "/usr/sbin",
    "/usr/libexec",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mariadb/bin",
    "/home/linuxbrew/.linuxbrew/opt/mariadb/bin",
)
POSTFIX_FOLDERS = ("/usr/lib/postfix/sbin", "/usr/libexec/postfix", "/usr/lib/postfix/bin", "/usr/lib/postfix")
# Where a shell without a login often does not look.
MORE_PATH = ("/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin", "/home/linuxbrew/.linuxbrew/bin")


def program_path(environ: Mapping[str, str]) -> str:
    """The PATH of `environ` and some usual folders after it."""
    given = environ.get("PATH") or os.defpath
    return os.pathsep.join([given, *(folder for folder in MORE_PATH if folder not in given.split(os.pathsep))])


def rabbitmq_scripts(path: str) -> Path:
    """The folder of RabbitMQ's own scripts, such as rabbitmqctl; a PermanentFailure if it is not installed."""
    on_path = shutil.which("rabbitmq-server", path=path)
    beside = [Path(on_path).resolve().parent] if on_path else []
    for folder in [*beside, *_folders(RABBITMQ_FOLDERS)]:
        if all((folder / script).is_file() for script in ("rabbitmq-server", "rabbitmq-env", "rabbitmq-defaults")):
            return folder
    raise PermanentFailure(
        "RabbitMQ is not installed: run `make setup`, or install the package rabbitmq-server, "
        "or name a broker that runs in PRESSROOM_BROKER_URL."
    )


def epmd(path: str) -> Path:
    """Erlang's port mapper; a PermanentFailure if there is no Erlang."""
    on_path = shutil.which("epmd", path=path)
    if on_path:
        return Path(on_path)
    erl = shutil.which("erl", path=path)
    if erl:
        erlang = Path(erl).resolve().parent.parent
        for found in [erlang / "bin" / "epmd", *sorted(erlang.glob("erts-*/bin/epmd"))]:
            if found.is_file():
                return found
    raise PermanentFailure("Erlang (the programs erl and epmd) is not installed: run `make setup`.")


def postgres_programs(path: str) -> Path | None:
    """The folder with initdb and postgres of the newest PostgreSQL, or None if no server is installed."""
    on_path = shutil.which("initdb", path=path)
    beside = [Path(on_path).resolve().parent] if on_path else []
    for folder in [*beside, *_folders(POSTGRES_FOLDERS)]:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    return None


def mariadb_programs(path: str) -> Path | None:
    """The folder with the server of MariaDB, or None if it is not installed."""
    on_path = shutil.which("mariadbd", path=path)
    beside = [Path(on_path).resolve().parent] if on_path else []
    return next((folder for folder in [*beside, *_folders(MARIADB_FOLDERS)] if (folder / "mariadbd").is_file()), None)


def postfix_programs(path: str) -> Path | None:
    """The folder with the daemons of Postfix, or None if it is not installed."""
    if shutil.which("postfix", path=path) is None:
        return None
    return next((folder for folder in _folders(POSTFIX_FOLDERS) if (folder / "master").is_file()), None)


def _folders(patterns: Iterable[str]) -> Iterator[Path]:
    for pattern in patterns:
        found = Path("/").glob(pattern.removeprefix("/"))
        yield from sorted(found, key=_newest_first)


def _newest_first(folder: Path) -> list[int]:
    return [-int(number) for number in re.findall(r"\d+", str(folder))]


def main(program: str) -> int:
    """Whether rabbitmq, postgresql, mariadb or postfix is there, as an exit code: `… libs.local.installed mariadb`."""
    path = program_path(os.environ)
    servers = {"postgresql": postgres_programs, "mariadb": mariadb_programs, "postfix": postfix_programs}
    try:
        found = servers[program](path) if program in servers else rabbitmq_scripts(path) and epmd(path)
    except PermanentFailure:
        return 1
    return 0 if found else 1


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
