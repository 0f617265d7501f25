"""Everything that is measured, as processes of its own: broker, database, mail server and the services."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from bench.processes import cpu_seconds
from bench.tables import load
from libs.common.sealing import new_key
from libs.local.child import Child, tail
from libs.local.ports import free_port, is_open
from libs.local.postgres import PrivatePostgres
from libs.local.private_broker import PrivateBroker
from libs.local.program import Program

REPOSITORY = Path(__file__).parents[1]
START_SECONDS = 120.0


class House:
    """The servers, and whichever programs a measurement starts. All are gone when `opened` ends."""

    def __init__(self, folder: Path, broker: PrivateBroker, postgres: PrivatePostgres, database_url: str) -> None:
        self.folder = folder
        self.database_url = database_url
        self.seal_key = new_key()
        self.broker_url = broker.url
        self.smtp_port = free_port()
        self._broker = broker
        self._postgres = postgres
        self._letters = folder / "letters.log"
        self._programs: dict[str, Child] = {}
        self._sink = Child(self._program("sink", "-m", "bench.sink", "--port", str(self.smtp_port)), self._letters)

    def open_sink(self) -> None:
        """Start the mail server."""
        self._sink.start()
        self._sink.wait_until(lambda: is_open(self.smtp_port), START_SECONDS)

    def new_vhost(self) -> None:
        """Go on with a part of the broker that nobody has used yet."""
        self.broker_url = self._broker.new_vhost()

    # Programs ----------------------------------------------------------------------------------------------

    def start_service(self, name: str, **settings: object) -> Service:
        """`python -m services.NAME`, ready for work; `settings` are those of PRESSROOM_*, in small letters."""
        port = free_port()
        environment = {
            **self._settings(),
            f"PRESSROOM_{name.upper()}_OPERATIONS_PORT": str(port),
            **{f"PRESSROOM_{key.upper()}": str(value) for key, value in settings.items()},
        }
        child = self.start(name, "-m", f"services.{name}", environment=environment)
        service = Service(child, port)
        child.wait_until(service.is_ready, START_SECONDS)
        return service

    def start(self, name: str, *arguments: str, environment: Mapping[str, str]) -> Child:
        """This Python with `arguments`; its processor time counts under `name`."""
        child = Child(self._program(name, *arguments, environment=environment), self.folder / f"{name}.log")
        self._programs[name] = child
        child.start()
        return child

    def stop(self, *names: str) -> None:
        """End programs that were started; all of them if none is named."""
        for name in names or tuple(reversed(self._programs)):
            self._programs.pop(name).stop()

    def close(self) -> None:
        """End all programs and the mail server."""
        self.stop()
        self._sink.stop()

    def last_words(self) -> str:
        """The ends of all logs: what to read when a measurement fails."""
        return "\n".join(f"{log.name}:\n{tail(log)}" for log in sorted(self.folder.glob("*.log")))

    # Measuring ---------------------------------------------------------------------------------------------

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far: of the programs, the database, the broker and the mail server."""
        pids = {name: child.pid for name, child in self._programs.items()}
        pids |= {"postgres": self._postgres.pid, "rabbitmq": self._broker.pid, "sink": self._sink.pid}
        return {name: cpu_seconds(pid) for name, pid in pids.items()}

    def letters(self) -> list[tuple[float, str]]:
        """Each letter that has arrived: the moment on the monotonic clock, and its Message-ID."""
        return parse_letters(self._letters.read_text())

    def _settings(self) -> dict[str, str]:
        stores = {
            f"PRESSROOM_{name}_STORE_URL": f"sqlite:///{self.folder}/{name.lower()}.sqlite"
            for name in ("API", "GENERATOR", "MAILER")
        }
        return {
            "PRESSROOM_BROKER_URL": self.broker_url,
            "PRESSROOM_ARTIFACTS_URL": str(self.folder / "artifacts"),
            "PRESSROOM_SEAL_KEYS": self.seal_key,
            "PRESSROOM_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "PRESSROOM_MAIL_FROM": "Reports <reports@example.org>",
            "PRESSROOM_API_PORT": str(free_port()),
            **stores,
        }

    def _program(self, name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> Program:
        return Program(
            name=name,
            command=(sys.executable, *arguments),
            environment={
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONFAULTHANDLER": "1",
                **(environment or {}),
            },
            directory=REPOSITORY,
        )


class Service:
    """A service that runs."""

    def __init__(self, child: Child, operations_port: int) -> None:
        self._child = child
        self._url = f"http://127.0.0.1:{operations_port}"

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._child.pid

    def is_ready(self) -> bool:
        """Whether it can do its job."""
        try:
            with urlopen(f"{self._url}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def metric(self, name: str, **labels: str) -> float:
        """A figure that it exports, summed over all labels that are not named; 0 if there is none yet."""
        with urlopen(f"{self._url}/metrics", timeout=30) as answer:
            return parse_metric(answer.read().decode(), name, labels)


@contextmanager
def opened(large_rows: int) -> Iterator[House]:
    """A house with a broker and a loaded database; `large_rows` are in the table `lines`."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressroom-bench-")))
        broker = PrivateBroker(folder / "broker", vhosts=8)
        stack.callback(broker.close)
        broker.start()
        postgres = PrivatePostgres(folder / "postgres.log")
        stack.callback(postgres.close)
        postgres.start()
        url = postgres.new_database("bench")
        load(url, large_rows)
        house = House(folder, broker, postgres, url)
        stack.callback(house.close)
        house.open_sink()
        try:
            yield house
        except Exception as failure:
            failure.add_note(house.last_words())
            raise


def parse_letters(text: str) -> list[tuple[float, str]]:
    """The lines of `bench.sink`; the last may still be on its way."""
    words = [line.split() for line in text.splitlines(keepends=True) if line.endswith("\n")]
    return [(float(moment), message_id) for moment, message_id, _ in words]


def parse_metric(page: str, name: str, labels: Mapping[str, str]) -> float:
    """The sum of a metric over all lines of a page of Prometheus that carry `labels`."""
    wanted = [f'{key}="{value}"' for key, value in labels.items()]
    found = [line for line in page.splitlines() if line.split("{")[0].split(" ")[0] == name]
    return sum(float(line.rpartition(" ")[2]) for line in found if _all_in(wanted, line))


def _all_in(words: Sequence[str], line: str) -> bool:
    return all(word in line for word in words)
