"""A whole Pressroom whose every part can be killed, suspended, cut off and brought back."""

from __future__ import annotations

import os
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit
from urllib.request import Request, urlopen

from chaos_proxy import Proxy

from libs.client import Pressroom
from libs.common.sealing import new_key
from libs.local.child import Child, tail
from libs.local.ports import free_port
from libs.local.postgres import PrivatePostgres
from libs.local.private_broker import PrivateBroker
from libs.local.program import Program
from libs.local.readiness import service_is_ready
from libs.local.waiting import wait_until
from libs.mailsink import MailSink

REPOSITORY = Path(__file__).parents[2]
SERVICES = ("scheduler", "generator", "mailer", "api")
TOKEN = "the-admin-token-of-the-chaos"
PATIENCE_SECONDS = 120.0


class ServiceProcess:
    """A service that is started again whenever it ends, as a supervisor does. `sabotage` is a module that breaks it."""

    def __init__(self, name: str, folder: Path, environment: dict[str, str], sabotage: str = "") -> None:
        self.name = name
        self.log = folder / f"{name}.log"
        self.port = int(environment[f"PRESSROOM_{name.upper()}_OPERATIONS_PORT"])
        start = ("-m", f"services.{name}")
        if sabotage:
            start = ("-c", f"import runpy, {sabotage}; runpy.run_module('services.{name}', run_name='__main__')")
        program = Program(
            name=name, command=(sys.executable, *start), environment=environment, directory=REPOSITORY, stop_seconds=60
        )
        self._child = Child(program, self.log)
        self._wanted = threading.Event()
        self._guard = threading.Lock()
        self._closed = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name=f"keeper of {name}", daemon=True)

    def start(self) -> None:
        """Start it, and keep it started."""
        self._wanted.set()
        self._keeper.start()

    def close(self) -> None:
        """End it for good."""
        self._closed.set()
        self._wanted.clear()
        if self._keeper.is_alive():
            self._keeper.join()
        with self._guard, suppress(AssertionError):
            self._signal(signal.SIGCONT)
            self._child.stop()

    def kill(self) -> None:
        """SIGKILL, together with all its children."""
        with self._guard:
            self._child.kill()

    def terminate(self) -> None:
        """SIGTERM, as a deployment does; it is started again when it has ended."""
        self._signal(signal.SIGTERM)

    def suspend(self) -> None:
        """SIGSTOP: it keeps all that it holds, and does nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)

    def is_ready(self) -> bool:
        """Whether it can do its job."""
        return not service_is_ready(self.port)()

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, AssertionError):
            os.kill(self._child.pid, number)

    def _keep(self) -> None:
        while not self._closed.wait(0.1):
            with self._guard:
                if self._wanted.is_set() and not self._child.running():
                    self._child.start()


class Chaos:
    """The servers, the services, and the ways between them."""

    def __init__(self, folder: Path, broker: PrivateBroker, postgres: PrivatePostgres | None) -> None:
        self.folder = folder
        self.broker = broker
        self.postgres = postgres
        self.sink = MailSink(folder / "letters")
        self.broker_url = broker.new_vhost()
        self.artifacts = folder / "artifacts"
        self.artifacts.mkdir()
        self._sabotage: dict[str, str] = {}
        self.services: dict[str, ServiceProcess] = {}
        self.to_broker = Proxy(broker.node.ports.amqp)
        self.api_port = free_port()
        self.api = Pressroom(f"http://127.0.0.1:{self.api_port}", TOKEN, patience_seconds=PATIENCE_SECONDS)
        self._stores = {name: self._store(name) for name in SERVICES}

    def sabotage(self, service: str, module: str) -> None:
        """Let a service run without one of its protections: the suite has to notice."""
        self._sabotage[service] = module

    def start(self) -> None:
        """Start everything and tell Pressroom what there is to report on."""
        self.sink.start()
        self.to_broker.start()
        for name in SERVICES:
            service = ServiceProcess(name, self.folder, self._environment(name), self._sabotage.get(name, ""))
            self.services[name] = service
            service.start()
        self.wait_ready()

    def wait_ready(self) -> None:
        """Return once all services can do their jobs."""
        for service in self.services.values():
            wait_until(service.is_ready, PATIENCE_SECONDS, lambda service=service: self._complaint(service))  # type: ignore[misc]

    def close(self) -> None:
        """End everything."""
        for service in self.services.values():
            service.close()
        self.api.close()
        self.to_broker.close()
        self.sink.stop()

    def ledger(self) -> Path | None:
        """The mailer's store, if it is a file."""
        url = self._stores["mailer"]
        return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite") else None

    def ask(self, path: str, token: str) -> bytes:
        """The answer of the API to a GET, asked again while it is away."""
        request = Request(f"http://127.0.0.1:{self.api_port}{path}", headers={"Authorization": f"Bearer {token}"})
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urlopen(request, timeout=30) as answer:
                    body: bytes = answer.read()
                    return body
            except (URLError, OSError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    def last_words(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {log.name}\n{tail(log)}" for log in sorted(self.folder.glob("*.log")))

    def _store(self, name: str) -> str:
        if self.postgres is not None:
            return self.postgres.new_database(f"chaos_{name}_{free_port()}")
        return f"sqlite:///{self.folder}/{name}.sqlite"

    def _environment(self, name: str) -> dict[str, str]:
        parts = urlsplit(self.broker_url)
        through_proxy = f"{parts.username}:{parts.password}@127.0.0.1:{self.to_broker.port}"
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "PYTHONPATH": f"{REPOSITORY}:{Path(__file__).parent}",
            "PRESSROOM_BROKER_URL": urlunsplit(parts._replace(netloc=through_proxy)),
            "PRESSROOM_SEAL_KEYS": _key(self.folder),
            "PRESSROOM_ARTIFACTS_URL": str(self.artifacts),
            f"PRESSROOM_{name.upper()}_STORE_URL": self._stores[name],
            f"PRESSROOM_{name.upper()}_OPERATIONS_PORT": str(free_port()),
            "PRESSROOM_API_PORT": str(self.api_port),
            "PRESSROOM_ADMIN_TOKEN": TOKEN,
            "PRESSROOM_SMTP_URL": self.sink.url,
            "PRESSROOM_SMTP_TIMEOUT_SECONDS": "10",
            "PRESSROOM_SMTP_DATA_TIMEOUT_SECONDS": "5",
            "PRESSROOM_MAIL_FROM": "Reports <reports@example.org>",
            "PRESSROOM_MAILER_LEASE_SECONDS": "3",
            "PRESSROOM_MAILER_MIN_BACKOFF_SECONDS": "0.5",
            "PRESSROOM_MAILER_MAX_BACKOFF_SECONDS": "4",
            "PRESSROOM_MAILER_MAX_ATTEMPTS": "30",
            "PRESSROOM_GENERATOR_MIN_BACKOFF_SECONDS": "0.5",
            "PRESSROOM_GENERATOR_MAX_BACKOFF_SECONDS": "4",
            "PRESSROOM_GENERATOR_SCRATCH_FOLDER": str(self.folder / "scratch"),
            "PRESSROOM_TEMPLATE_CHECK_SECONDS": "0",
            "PRESSROOM_QUEUE_WATCH_SECONDS": "1",
        }

    def _complaint(self, service: ServiceProcess) -> str:
        return f"{service.name} is not ready; the end of its log:\n{tail(service.log)}"


@contextmanager
def opened(
    folder: Path, *, postgres: PrivatePostgres | None = None, prepare: Callable[[Chaos], None] = lambda chaos: None
) -> Iterator[Chaos]:
    """A chaos that runs; `prepare` is called before its services start."""
    broker = PrivateBroker(folder / "broker", vhosts=2)
    broker.start()
    chaos = Chaos(folder, broker, postgres)
    try:
        prepare(chaos)
        chaos.start()
        yield chaos
    finally:
        chaos.close()
        broker.close()


def make_shop(path: Path) -> None:
    """A database to report on: 200 orders."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, amount REAL)")
        rows = [(number, f"Customer {number % 7}", number * 1.25) for number in range(200)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?)", rows)
    connection.close()


def _key(folder: Path) -> str:
    file = folder / "seal-key"
    if not file.exists():
        file.write_text(new_key())
    return file.read_text()
