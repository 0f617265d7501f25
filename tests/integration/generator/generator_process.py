"""Generators as real processes, and both ends of the broker they speak to."""

from __future__ import annotations

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID, uuid4

import msgspec

from libs.common.clock import utc_now
from libs.common.connection import kombu_connection
from libs.common.envelope import pack
from libs.common.handling import Limits
from libs.common.messages import (
    Command,
    DeliverReport,
    DeliveryPlan,
    Event,
    Format,
    GenerateReport,
    Priority,
    Query,
    Recipient,
    ReportOrder,
    Source,
    Template,
    decode_event,
)
from libs.common.publisher import ConfirmingPublisher
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.topology import MAIL_QUEUES, REPORT_QUEUES, Topology, dead_queue, events_queue
from libs.local.child import Child
from libs.local.ports import free_port
from libs.local.program import Program
from libs.local.waiting import wait_until

REPOSITORY = Path(__file__).parents[3]
PATIENCE_SECONDS = 90.0

SALES = "SELECT day, units FROM sales"
ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT count(*) AS x FROM n"


class GeneratorProcess:
    """`python -m services.generator`, with its log in `folder`; `prefix` is a command that runs it."""

    def __init__(self, folder: Path, name: str, environment: Mapping[str, str], prefix: tuple[str, ...] = ()) -> None:
        self.port = free_port()
        program = Program(
            name=name,
            command=(*prefix, sys.executable, "-m", "services.generator"),
            environment={
                "PATH": os.environ["PATH"],
                "PRESSROOM_GENERATOR_OPERATIONS_PORT": str(self.port),
                **environment,
            },
            directory=REPOSITORY,
        )
        self.log = folder / f"{name}.log"
        self.child = Child(program, self.log)

    def start(self) -> None:
        self.child.start()
        self.child.wait_until(self._is_ready, PATIENCE_SECONDS)

    def _is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def metrics(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            page: bytes = answer.read()
        return page.decode()

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


class Installation:
    """A broker, a journal, a shop to report on, and as many generators as a test starts."""

    def __init__(self, folder: Path, broker_url: str) -> None:
        self.folder = folder
        self.broker_url = broker_url
        self.shop = _shop(folder / "shop.sqlite")
        self.storage = ArtifactStorage(str(folder / "artifacts"))
        self.scratch = folder / "scratch"
        self.store_url = f"sqlite:///{folder}/journal.sqlite"
        self.keys = new_key()
        self._generators: list[GeneratorProcess] = []
        self._publisher = ConfirmingPublisher(broker_url, Topology())
        self._ears = kombu_connection(broker_url)
        Topology().declare(self._ears.default_channel)
        self._taken: set[tuple[str, str | None]] = set()
        self._heard: list[Event] = []
        self._ordered: list[DeliverReport] = []

    def close(self) -> None:
        for generator in self._generators:
            generator.child.kill()
        self._publisher.close()
        self._ears.close()

    # Running -----------------------------------------------------------------------------------------------

    def start(self, name: str = "generator", prefix: tuple[str, ...] = (), **settings: object) -> GeneratorProcess:
        """A generator; `settings` are the names of its settings in small letters."""
        environment = {
            "PRESSROOM_BROKER_URL": self.broker_url,
            "PRESSROOM_SEAL_KEYS": self.keys,
            "PRESSROOM_ARTIFACTS_URL": str(self.folder / "artifacts"),
            "PRESSROOM_GENERATOR_STORE_URL": self.store_url,
            "PRESSROOM_GENERATOR_SCRATCH_FOLDER": str(self.scratch),
            "PRESSROOM_GENERATOR_MIN_BACKOFF_SECONDS": "0.1",
            "PRESSROOM_GENERATOR_MAX_BACKOFF_SECONDS": "0.2",
            **{f"PRESSROOM_{key.upper()}": str(value) for key, value in settings.items()},
        }
        generator = GeneratorProcess(self.folder, name, environment, prefix)
        self._generators.append(generator)
        generator.start()
        return generator

    # Ordering ----------------------------------------------------------------------------------------------

    def command(
        self,
        sql: str = SALES,
        *,
        priority: Priority = "urgent",
        url: str | None = None,
        formats: tuple[Format, ...] = ("csv",),
        max_retries: int = 3,
        scheduled_for: datetime | None = None,
        limits: Limits = Limits(),  # noqa: B008 - frozen
        max_rows: int = 1_000_000,
    ) -> GenerateReport:
        return GenerateReport(
            report_id=uuid4(),
            order=ReportOrder(
                template=Template(
                    template_id=UUID(int=1),
                    slug="sales",
                    title="Sales",
                    queries=(Query(name="All", sql=sql),),
                    limits=limits,
                ),
                source=Source(
                    source_id=UUID(int=2),
                    name="shop",
                    sealed_url=Sealer(self.keys).seal(url or f"sqlite:///{self.shop}"),
                    max_rows=max_rows,
                ),
                formats=formats,
                priority=priority,
                delivery=DeliveryPlan(recipients=(Recipient(address="ada@example.org"),)),
                max_retries=max_retries,
            ),
            requested_at=utc_now(),
            scheduled_for=scheduled_for,
        )

    def order(self, *commands: Command | Event) -> None:
        """Publish the commands as the scheduler does, or events as the api."""
        parcels = [pack(command, message_id=str(uuid4()), now=utc_now()) for command in commands]
        assert len(self._publisher.publish(parcels)) == len(parcels)

    # Hearing -----------------------------------------------------------------------------------------------

    def events(self, kind: type[Event] = Event) -> list[Any]:
        """All events of `kind` that have arrived for the api so far."""
        for message in self._take(events_queue("api")):
            event = decode_event(message.body, message.delivery_info["routing_key"])
            assert event is not None
            self._heard.append(event)
        return [event for event in self._heard if isinstance(event, kind)]

    def deliveries(self, priority: Priority = "urgent") -> list[DeliverReport]:
        """All deliveries that were ordered so far."""
        for message in self._take(MAIL_QUEUES[priority]):
            self._ordered.append(msgspec.convert(json.loads(message.body)["kwargs"], DeliverReport))
        return self._ordered

    def waiting(self, priority: Priority = "urgent") -> int:
        """Commands that are ready in the queue of this priority."""
        return int(self._ears.default_channel.queue_declare(REPORT_QUEUES[priority], passive=True).message_count)

    def dead_letters(self, priority: Priority = "urgent") -> list[Mapping[str, Any]]:
        """The headers of the dead letters of this priority."""
        return [message.headers for message in self._take(dead_queue(REPORT_QUEUES[priority]))]

    def wait_for(self, condition: Callable[[], bool], what: str) -> None:
        """Wait for `condition`; if it does not come, say `what` is missing, and what there is."""
        wait_until(condition, PATIENCE_SECONDS, lambda: f"{what} did not come; events: {self._heard}")

    def files(self) -> list[Path]:
        """What unfinished attempts have left behind."""
        return [path for path in self.scratch.rglob("*") if path.is_file() and path.name != "lock"]

    def _take(self, queue: str) -> list[Any]:
        """What has arrived, each message once: twice is normal, and two generators that share an outbox do so."""
        channel, taken = self._ears.default_channel, []
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            known = (queue, message.properties.get("message_id"))
            if known[1] is None or known not in self._taken:
                self._taken.add(known)
                taken.append(message)
        return taken


def _shop(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (day DATE, units INTEGER)")
        connection.executemany("INSERT INTO sales VALUES (?, ?)", [("2026-05-01", 3), ("2026-05-02", 4)])
    connection.close()
    return path
