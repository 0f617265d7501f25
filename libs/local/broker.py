"""A private RabbitMQ node: everything it needs lives in one folder, and nobody else's RabbitMQ is touched."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec

from libs.local import installed
from libs.local.files import write, write_once
from libs.local.ports import LOOPBACK
from libs.local.program import Program

MAX_SCHEDULERS = 4
"""More threads only cost memory and starting time at the size of one machine."""

DISK_FREE_LIMIT_BYTES = 50_000_000

WAL_MAX_BYTES = 64 * 1024 * 1024
"""The write-ahead log of quorum queues is held in memory too; the default is 512 MiB."""

DEAD_LETTER_CONFIRM_MILLISECONDS = 10_000
"""How long the broker waits before it repeats an unconfirmed move between queues. With its default of three minutes,
a message that was waiting for a retry when the broker restarted is three minutes late."""

STOP_SECONDS = 30


class BrokerPorts(msgspec.Struct, frozen=True, kw_only=True):
    """Where the node listens, all on the loopback interface."""

    amqp: int
    distribution: int
    epmd: int


class BrokerNode:
    """The files and programs of one private node in `folder`; somebody else (a supervisor, a test) runs the programs.

    RabbitMQ wants a plain path: see libs/local/alias.py.
    """

    def __init__(
        self, folder: Path, ports: BrokerPorts, user: str, password: str, vhosts: Sequence[str] = ("/",)
    ) -> None:
        self.folder = folder.absolute()
        self.ports = ports
        self.user = user
        self.password = password
        self.vhosts = tuple(vhosts)

    def url(self, vhost: str = "/") -> str:
        """The AMQP URL of a vhost; it contains the password."""
        return f"amqp://{self.user}:{self.password}@{LOOPBACK}:{self.ports.amqp}/{quote(vhost, safe='')}"

    def prepare(self) -> None:
        """Write (again) what the node reads when it starts; messages that it keeps are left alone."""
        for folder in (self.folder, self._home, self._logs, self._data):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_once(self._home / ".erlang.cookie", secrets.token_urlsafe(32), mode=0o400)
        write_once(self.folder / "node", f"pressroom-{secrets.token_hex(4)}")
        write(self.folder / "inetrc", INETRC)
        write(self.folder / "enabled_plugins", "[].\n")
        self.define(self.vhosts)
        write(self.folder / "advanced.config", self._config())

    def define(self, vhosts: Sequence[str]) -> Path:
        """Write down which vhosts there are and who may use them; the node reads it when it starts."""
        self.vhosts = tuple(vhosts)
        definitions = self.folder / "definitions.json"
        write(definitions, json.dumps(_definitions(self.user, self.password, self.vhosts)))
        return definitions

    @property
    def name(self) -> str:
        """The Erlang name; it stays the same for the life of the folder, because the data lies under this name."""
        return f"{(self.folder / 'node').read_text()}@localhost"

    def epmd(self) -> Program:
        """Erlang's port mapper for this node alone. It must run before the node."""
        command = (str(installed.epmd(self._path)), "-port", str(self.ports.epmd), "-address", LOOPBACK)
        return Program(name="epmd", command=command, environment=self._environment(), directory=self.folder)

    def broker(self) -> Program:
        """The node itself."""
        server = str(installed.rabbitmq_scripts(self._path) / "rabbitmq-server")
        return Program(
            name="broker",
            command=("/bin/sh", "-c", START, server, str(self._data)),
            environment=self._environment(),
            directory=self.folder,
            stop_seconds=STOP_SECONDS,
        )

    def control(self, *arguments: str) -> Program:
        """`rabbitmqctl` for this node."""
        return Program(
            name="rabbitmqctl",
            command=(str(installed.rabbitmq_scripts(self._path) / "rabbitmqctl"), *arguments),
            environment=self._environment(),
            directory=self.folder,
        )

    @property
    def _path(self) -> str:
        return installed.program_path(os.environ)

    @property
    def _home(self) -> Path:
        return self.folder / "home"

    @property
    def _logs(self) -> Path:
        return self.folder / "log"

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _environment(self) -> Mapping[str, str]:
        """The whole environment: nothing of the caller's RabbitMQ or Erlang settings may reach the node."""
        return {
            "PATH": self._path,
            "HOME": str(self._home),
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            # A missing port mapper is for the supervisor to start again; the node must not leave one running.
            "ERL_FLAGS": "-start_epmd false",
            "ERL_INETRC": str(self.folder / "inetrc"),
            "ERL_CRASH_DUMP": str(self._logs / "erl_crash.dump"),
            # Not under systemd, but it makes the script become the node instead of being its parent: what is
            # killed is then the node itself, and no node can be left behind without its script.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_NODENAME": self.name,
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(self.folder / "conf.d"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.folder / "config"),
            "RABBITMQ_MNESIA_BASE": str(self._data),
            "RABBITMQ_LOG_BASE": str(self._logs),
            "RABBITMQ_PID_FILE": str(self.folder / "broker.pid"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_LOG": "info,-color",
            "RABBITMQ_SERVER_START_ARGS": "+B i",  # SIGINT (Ctrl-C in the terminal) is not for the node
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-kernel inet_dist_use_interface {{127,0,0,1}} {_schedulers()}",
        }

    def _config(self) -> str:
        # In Erlang's own syntax, since rabbitmq.conf has no way to write a path with a "#" in it.
        return f"""[
  {{rabbit, [
    {{tcp_listeners, [{{"{LOOPBACK}", {self.ports.amqp}}}]}},
    {{load_definitions, {_erlang_text(str(self.folder / "definitions.json"))}}},
    {{disk_free_limit, {DISK_FREE_LIMIT_BYTES}}},
    {{dead_letter_worker_publisher_confirm_timeout, {DEAD_LETTER_CONFIRM_MILLISECONDS}}}
  ]}},
  {{ra, [{{wal_max_size_bytes, {WAL_MAX_BYTES}}}]}}
].
"""


# A node that was interrupted while it made its database for the first time waits for the rest of it for ever. So a
# database without any vhost, which nobody can ever have used, is laid aside, and the node begins afresh.
START = """
for used in "$1"/*/msg_stores/vhosts/*/ "$1"/*/quorum/*/*/; do
    [ -d "$used" ] && exec "$0"
done
rm -rf "$1.unfinished" && mv "$1" "$1.unfinished" && exec "$0"
"""

# Names are looked up in this file alone: no resolver, no DNS, and no helper process for them.
INETRC = """{lookup, [file]}.
{host, {127,0,0,1}, ["localhost"]}.
"""


def _definitions(user: str, password: str, vhosts: Sequence[str]) -> dict[str, Any]:
    permission = {"user": user, "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "users": [
            {
                "name": user,
                "password_hash": _password_hash(password, salt=secrets.token_bytes(4)),
                "hashing_algorithm": "rabbit_password_hashing_sha256",
                "tags": "",
            }
        ],
        "vhosts": [{"name": vhost} for vhost in vhosts],
        "permissions": [{**permission, "vhost": vhost} for vhost in vhosts],
    }


def _password_hash(password: str, salt: bytes) -> str:
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _schedulers() -> str:
    count = min(os.cpu_count() or 1, MAX_SCHEDULERS)
    return f"+S {count}:{count}"


def _erlang_text(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
