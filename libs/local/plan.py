"""What an instance consists of: its programs, their settings and their addresses, all kept in one folder."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
from sqlalchemy import URL

from libs.common.errors import PermanentFailure
from libs.common.sealing import new_key
from libs.local import processes, procfile
from libs.local.addresses import Addresses
from libs.local.alias import plain_path
from libs.local.broker import BrokerNode, BrokerPorts
from libs.local.files import write, write_once
from libs.local.given import is_given, unless_given, value_of
from libs.local.ports import LOOPBACK, choose
from libs.local.program import Program

BROKER_USER = "pressroom"
STORES = {"scheduler": "timetable", "generator": "journal", "mailer": "ledger", "api": "records"}
ANYWHERE = {"": LOOPBACK, "0.0.0.0": LOOPBACK, "::": "::1"}  # noqa: S104 (how to reach a server that listens there)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Programs by group: what the services stand on (`ground`), and the `services`."""

    groups: Mapping[str, Sequence[Program]]
    addresses: Addresses


def make_plan(root: Path, environ: Mapping[str, str], commands: Path, preferred_ports: Mapping[str, int]) -> Plan:
    """Choose the ports, write secrets and the broker's files, and say what is to run.

    Secrets and, where possible, ports are those of last time; settings in `environ` win over both.
    """
    services = procfile.read(commands)
    (root / "secrets").mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = choose(_wanted_ports(services, environ), root / "ports.json", preferred_ports)
    node = _node(root, ports) if "BROKER" in ports else None
    generated = _generated(root, environ, ports, node)
    programs = [
        Program(name=name, command=command, environment=generated, directory=commands.parent, inherits=True)
        for name, command in services.items()
    ]
    return Plan(
        groups={"ground": _ground(root, ports, node), "services": programs},
        addresses=_addresses(root, services, ports, {**environ, **generated}, generated),
    )


def _wanted_ports(services: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    settings = [_operations_port(service) for service in services] + ["API_PORT"]
    broker = [] if is_given("BROKER_URL", environ) else ["EPMD", "BROKER_DISTRIBUTION", "BROKER"]
    mail = [] if is_given("SMTP_URL", environ) else ["MAIL"]
    return [*broker, *mail, *(name for name in settings if not is_given(name, environ))]


def _node(root: Path, ports: Mapping[str, int]) -> BrokerNode:
    password = write_once(root / "secrets" / "broker-password", secrets.token_urlsafe(24))
    broker_ports = BrokerPorts(amqp=ports["BROKER"], distribution=ports["BROKER_DISTRIBUTION"], epmd=ports["EPMD"])
    return BrokerNode(plain_path(root) / "broker", broker_ports, BROKER_USER, password)


def _generated(
    root: Path, environ: Mapping[str, str], ports: Mapping[str, int], node: BrokerNode | None
) -> dict[str, str]:
    """The PRESSROOM_* variables that the caller has left to us."""
    # Made by the library: a folder may contain characters that mean something in a URL.
    stores = {
        f"{service.upper()}_STORE_URL": URL.create("sqlite", database=f"{root / name}.sqlite").render_as_string()
        for service, name in STORES.items()
    }
    settings = {name: str(port) for name, port in ports.items() if name.endswith("_PORT")}
    if "MAIL" in ports:
        # Letters to the own sink need a sender, but nobody can answer it; a real mail server needs a real one.
        settings |= {"SMTP_URL": f"smtp://{LOOPBACK}:{ports['MAIL']}", "MAIL_FROM": "Pressroom <pressroom@localhost>"}
        if "API_PORT" in ports:
            # Whoever reads these letters is on this machine, so their links may lead here.
            settings["PUBLIC_URL"] = f"http://{LOOPBACK}:{ports['API_PORT']}"
    return unless_given(
        {"ARTIFACTS_URL": str(root / "artifacts"), **stores, **settings, **_secret_files(root, environ, node)}, environ
    )


def _secret_files(root: Path, environ: Mapping[str, str], node: BrokerNode | None) -> dict[str, str]:
    folder = root / "secrets"
    if not is_given("SEAL_KEYS", environ):
        write_once(folder / "seal-keys", new_key())
    if not is_given("ADMIN_TOKEN", environ):
        write_once(folder / "admin-token", secrets.token_urlsafe(32))
    files = {"SEAL_KEYS_FILE": str(folder / "seal-keys"), "ADMIN_TOKEN_FILE": str(folder / "admin-token")}
    if node:
        write(folder / "broker-url", node.url())
        files["BROKER_URL_FILE"] = str(folder / "broker-url")
    return files


def _ground(root: Path, ports: Mapping[str, int], node: BrokerNode | None) -> list[Program]:
    programs: list[Program] = []
    if node:
        node.prepare()
        programs += [_marked(node.epmd(), root), _marked(node.broker(), root)]
    if "MAIL" in ports:
        where = ["--host", LOOPBACK, "--port", str(ports["MAIL"]), "--folder", str(_mail_folder(root))]
        command = (sys.executable, "-m", "libs.mailsink", *where)
        directory = Path(__file__).parents[2]
        programs.append(Program(name="mailsink", command=command, environment={}, directory=directory, inherits=True))
    return programs


def _marked(program: Program, root: Path) -> Program:
    """What does not inherit the supervisor's environment would not have its mark either."""
    return msgspec.structs.replace(program, environment={**program.environment, processes.MARK: str(root)})


def _addresses(
    root: Path,
    services: Iterable[str],
    ports: Mapping[str, int],
    environ: Mapping[str, str],
    generated: dict[str, str],
) -> Addresses:
    api_port = _port("API_PORT", environ) if "api" in services else 0
    host = value_of("API_HOST", environ)
    return Addresses(
        operations_ports={service: _port(_operations_port(service), environ) for service in services},
        environment=generated,
        api_url=f"http://{_reachable(host)}:{api_port}" if api_port else "",
        broker_port=ports.get("BROKER", 0),
        mail_port=ports.get("MAIL", 0),
        mail_folder=str(_mail_folder(root)) if "MAIL" in ports else "",
    )


def _operations_port(service: str) -> str:
    return f"{service.upper()}_OPERATIONS_PORT"


def _reachable(host: str) -> str:
    """How a URL names the host on which a server listens."""
    name = ANYWHERE.get(host, host)
    return f"[{name}]" if ":" in name else name


def _port(name: str, environ: Mapping[str, str]) -> int:
    text = value_of(name, environ)
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise PermanentFailure(f"PRESSROOM_{name} must be a port between 1 and 65535, not {text!r}.")
    return int(text)


def _mail_folder(root: Path) -> Path:
    return root / "mail"
