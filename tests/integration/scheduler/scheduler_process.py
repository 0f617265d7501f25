"""A real scheduler process, and both ends of the broker it speaks to."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
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
from libs.common.messages import (
    Event,
    GenerateReport,
    Priority,
    Query,
    ReportOrder,
    ScheduleSaved,
    Source,
    Template,
    Timing,
)
from libs.common.publisher import ConfirmingPublisher
from libs.common.store import Store
from libs.common.topology import Topology
from libs.local.child import Child
from libs.local.ports import free_port
from libs.local.program import Program
from libs.local.waiting import wait_until
from services.scheduler.tables import timetable

REPOSITORY = Path(__file__).parents[3]
PATIENCE_SECONDS = 60.0


class SchedulerProcess:
    """`python -m services.scheduler`, with its log in `folder`."""

    def __init__(self, folder: Path, broker_url: str, store_url: str, name: str = "scheduler") -> None:
        self.port = free_port()
        environment = {
            "PATH": os.environ["PATH"],
            "PRESSROOM_BROKER_URL": broker_url,
            "PRESSROOM_SCHEDULER_STORE_URL": store_url,
            "PRESSROOM_SCHEDULER_OPERATIONS_PORT": str(self.port),
        }
        program = Program(
            name=name,
            command=(sys.executable, "-m", "services.scheduler"),
            environment=environment,
            directory=REPOSITORY,
        )
        self.log = folder / f"{name}.log"
        self.child = Child(program, self.log)

    def start(self) -> None:
        self.child.start()
        self.child.wait_until(self.is_ready, PATIENCE_SECONDS)

    def is_ready(self) -> bool:
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False

    def metrics(self) -> str:
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            page: bytes = answer.read()
        return page.decode()

    def said(self, sentence: str) -> int:
        """How often a sentence is in the log."""
        return self.log.read_text().count(f'"{sentence}"')

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]


def make_order(priority: Priority = "normal") -> ReportOrder:
    return ReportOrder(
        template=Template(
            template_id=UUID(int=1), slug="sales", title="Sales", queries=(Query(name="Sales", sql="SELECT 1"),)
        ),
        source=Source(source_id=UUID(int=2), name="shop", sealed_url="sealed"),
        priority=priority,
    )


DAILY = Timing(frequency="daily", config={"hour": 12})


def once(at: datetime) -> Timing:
    return Timing(frequency="once", config={"at": at.isoformat()})


def saved(
    timing: Timing, priority: Priority = "normal", schedule_id: UUID | None = None, version: int = 1
) -> ScheduleSaved:
    return ScheduleSaved(
        at=utc_now(),
        schedule_id=schedule_id or uuid4(),
        version=version,
        active=True,
        timing=timing,
        order=make_order(priority),
    )


def fall_due(store_url: str, *schedule_ids: UUID) -> None:
    """Let time pass for these schedules: their next moment is now."""
    store = Store(store_url)
    with store.begin() as session:
        session.execute(timetable.update().where(timetable.c.schedule_id.in_(schedule_ids)).values(next_at=utc_now()))
    store.dispose()


def publish(broker_url: str, *events: Event) -> None:
    publisher = ConfirmingPublisher(broker_url, Topology())
    parcels = [pack(event, message_id=str(uuid4()), now=utc_now()) for event in events]
    assert len(publisher.publish(parcels)) == len(events)
    publisher.close()


class Mailbag:
    """What has arrived in one queue; each `look` takes what is there."""

    def __init__(self, broker_url: str, queue: str) -> None:
        self._broker_url = broker_url
        self._queue = queue
        self.bodies: list[Any] = []

    def look(self) -> list[Any]:
        with kombu_connection(self._broker_url) as connection:
            channel = connection.default_channel
            Topology().declare(channel)
            while (message := channel.basic_get(self._queue, no_ack=True)) is not None:
                self.bodies.append(json.loads(message.body))
        return self.bodies

    def commands(self) -> list[GenerateReport]:
        return [msgspec.convert(body["kwargs"], GenerateReport) for body in self.bodies]


def wait_for(condition: Callable[[], bool], what: str) -> None:
    wait_until(condition, PATIENCE_SECONDS, lambda: f"It did not happen: {what}.", every_seconds=0.1)
