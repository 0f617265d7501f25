"""How fast what is due becomes orders, and what a timetable costs while nothing is due: `make bench-scheduler`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.error import URLError
from urllib.request import urlopen
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from bench import machine, results
from bench.processes import cpu_seconds
from libs.common.clock import utc_now
from libs.common.envelope import pack
from libs.common.messages import (
    DeliveryPlan,
    GenerateReport,
    Parameter,
    Query,
    Recipient,
    ReportOrder,
    Source,
    Template,
    Timing,
)
from libs.common.migrations import migrate
from libs.common.outbox import outbox
from libs.common.publisher import ConfirmingPublisher
from libs.common.store import Store
from libs.common.topology import Topology
from libs.local.child import Child
from libs.local.ports import free_port
from libs.local.postgres import PrivatePostgres
from libs.local.private_broker import PrivateBroker
from libs.local.program import Program
from libs.local.waiting import wait_until
from services.scheduler.tables import timetable as rows
from services.scheduler.ticker import Ticker
from services.scheduler.timetable import Timetable, write

REPOSITORY = Path(__file__).parents[1]
PATIENCE_SECONDS = 600.0
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Australia/Sydney")
MANY = 20_000
_DIFFERENT = 100
"""Orders that are not the same: to write a million takes longer than to store them."""


def order(number: int) -> ReportOrder:
    """What a schedule of this size usually orders: two queries, two parameters, five recipients."""
    sql = "SELECT region, sum(amount) AS amount FROM sales WHERE day >= :since AND region = :region GROUP BY region"
    return ReportOrder(
        template=Template(
            template_id=UUID(int=1),
            slug="sales",
            title=f"Sales {number}",
            queries=(Query(name="Sales", sql=sql), Query(name="Orders", sql=sql)),
        ),
        source=Source(source_id=UUID(int=2), name="shop", sealed_url="gAAAAAB" + "x" * 140),
        parameters=(
            Parameter(name="since", type="date", value="2026-01-01"),
            Parameter(name="region", type="text", value=f"region {number}"),
        ),
        delivery=DeliveryPlan(recipients=tuple(Recipient(address=f"{n}@example.org") for n in range(5))),
    )


def timings(moment: datetime) -> list[Timing]:
    """Different ways to be due at `moment`."""
    found = []
    for zone in ZONES:
        local = moment.astimezone(ZoneInfo(zone))
        at = {"hour": local.hour, "minute": local.minute}
        found += [
            Timing(frequency="daily", config=at, timezone=zone),
            Timing(frequency="weekly", config={**at, "day_of_week": local.weekday()}, timezone=zone),
            Timing(frequency="monthly", config={**at, "day_of_month": local.day}, timezone=zone),
            Timing(frequency="cron", config={"cron": f"{local.minute} {local.hour} * * *"}, timezone=zone),
        ]
    return found


def fill(store: Store, count: int, moment: datetime) -> None:
    """Store `count` schedules that are due at `moment`."""
    ways = [write(timing) for timing in timings(moment)]
    orders = [write(order(number)) for number in range(_DIFFERENT)]
    for begin in range(0, count, MANY):
        numbers = range(begin, min(begin + MANY, count))
        with store.begin() as session:
            session.execute(
                rows.insert(),
                [
                    {
                        "schedule_id": uuid4(),
                        "version": 1,
                        "active": True,
                        "timing": ways[number % len(ways)],
                        "report_order": orders[number % _DIFFERENT],
                        "next_at": moment,
                    }
                    for number in numbers
                ],
            )


# The moment ------------------------------------------------------------------------------------------------


class Fired(NamedTuple):
    """What came of the moment: seconds from it to the confirms, and what that took."""

    lateness: Sequence[float]
    cpu_scheduler: float
    cpu_broker: float

    def row(self, name: str) -> list[object]:
        """A line for the table."""
        late = sorted(self.lateness)
        at = [f"{late[int(len(late) * share) - 1]:.2f} s" for share in (0.5, 0.99, 1)]
        return [name, *at, f"{self.cpu_scheduler:.2f} s", f"{self.cpu_broker:.2f} s"]


def fire(folder: Path, broker: PrivateBroker, store_url: str, stored: int, due: int) -> Fired:
    """Let `due` of `stored` schedules come due in the same minute, served by a scheduler of its own."""
    store = Store(store_url)
    migrate(store, "services.scheduler.migrations")
    fill(store, stored - due, utc_now() + timedelta(days=40))
    with scheduler(folder, broker.new_vhost(), store_url) as service:
        moment = (utc_now() + timedelta(seconds=90)).replace(second=0, microsecond=0)
        fill(store, due, moment)
        if moment < utc_now() + timedelta(seconds=3):
            raise SystemExit("This machine is too busy to store the schedules within a minute.")
        while utc_now() < moment - timedelta(milliseconds=300):
            time.sleep(0.05)
        before = cpu_seconds(service.pid), cpu_seconds(broker.pid)
        wait_until(lambda: service.confirmed() >= due, PATIENCE_SECONDS, lambda: "Not all were confirmed.", 0.2)
        after = cpu_seconds(service.pid), cpu_seconds(broker.pid)
    with store.read() as session:
        sent = select(outbox.c.published_at).where(outbox.c.wire_name == GenerateReport.wire_name())
        lateness = [(at - moment).total_seconds() for at in session.execute(sent).scalars()]
    store.dispose()
    assert len(lateness) == due, f"{len(lateness)} commands for {due} moments"
    return Fired(lateness, after[0] - before[0], after[1] - before[1])


def one_by_one(broker: PrivateBroker, due: int) -> Fired:
    """The loop that people write: make a command, send it, wait for its confirm; without any store."""
    publisher = ConfirmingPublisher(broker.new_vhost(), Topology())
    publisher.connect()
    before = time.process_time(), cpu_seconds(broker.pid)
    begin = time.monotonic()
    lateness = []
    for number in range(due):
        command = GenerateReport(report_id=uuid4(), order=order(number), requested_at=utc_now())
        publisher.publish([pack(command, message_id=str(uuid4()), now=utc_now())])
        lateness.append(time.monotonic() - begin)
    cpu = time.process_time() - before[0], cpu_seconds(broker.pid) - before[1]
    publisher.close()
    return Fired(lateness, *cpu)


class Service(NamedTuple):
    """A scheduler that runs."""

    pid: int
    port: int

    def confirmed(self) -> int:
        """How many orders the broker has confirmed."""
        name = 'pressroom_messages_published_total{message="generate_report.v1",outcome="confirmed"'
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=30) as answer:
            lines: list[str] = answer.read().decode().splitlines()
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines if line.startswith(name))

    def is_ready(self) -> bool:
        """Whether it answers."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/health/ready", timeout=5) as answer:
                return bool(answer.status == 200)
        except (URLError, OSError):
            return False


@contextmanager
def scheduler(folder: Path, broker_url: str, store_url: str) -> Iterator[Service]:
    """`python -m services.scheduler` until the block ends."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PRESSROOM_BROKER_URL": broker_url,
        "PRESSROOM_SCHEDULER_STORE_URL": store_url,
        "PRESSROOM_SCHEDULER_OPERATIONS_PORT": str(port),
    }
    program = Program(
        name="scheduler",
        command=(sys.executable, "-m", "services.scheduler"),
        environment=environment,
        directory=REPOSITORY,
    )
    child = Child(program, folder / f"scheduler-{port}.log")
    child.start()
    service = Service(child.pid, port)
    try:
        child.wait_until(service.is_ready, PATIENCE_SECONDS)
        yield service
    finally:
        child.stop()


# Quiet times -----------------------------------------------------------------------------------------------


def tick_milliseconds(store: Store, ticks: int = 300) -> float:
    """Processor time of one look at a timetable on which nothing is due."""
    ticker = Ticker(Timetable(store), lambda: True, catch_up=timedelta(hours=1))
    ticker.tick()
    begin = time.process_time()
    for _ in range(ticks):
        ticker.tick()
    return (time.process_time() - begin) / ticks * 1000


def quiet(folder: Path, broker: PrivateBroker, sizes: Sequence[int], seconds: float) -> list[list[object]]:
    """The cost of a tick and of an idle scheduler, for timetables that grow."""
    store_url = f"sqlite:///{folder}/quiet.sqlite"
    store = Store(store_url)
    migrate(store, "services.scheduler.migrations")
    stored = 0
    found: list[list[object]] = []
    for size in sizes:
        fill(store, size - stored, utc_now() + timedelta(days=40))
        stored = size
        found.append(
            [f"{size:,}", f"{tick_milliseconds(store):.3f} ms", f"{idle(folder, broker, store_url, seconds):.1%}"]
        )
    store.dispose()
    return found


def idle(folder: Path, broker: PrivateBroker, store_url: str, seconds: float) -> float:
    """The share of a core that a scheduler takes while nothing is due."""
    with scheduler(folder, broker.new_vhost(), store_url) as service:
        time.sleep(5)  # its start is no quiet time
        before, begin = cpu_seconds(service.pid), time.monotonic()
        time.sleep(seconds)
        return (cpu_seconds(service.pid) - before) / (time.monotonic() - begin)


def main() -> None:
    """Measure, print, and keep the figures in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m bench.scheduler", description=__doc__)
    parser.add_argument("--stored", type=int, default=100_000, help="schedules in the timetable")
    parser.add_argument("--due", type=int, default=10_000, help="of which so many are due in the same minute")
    parser.add_argument(
        "--quiet", type=int, nargs="*", default=[1_000, 100_000, 1_000_000], help="sizes of quiet timetables"
    )
    parser.add_argument("--idle-seconds", type=float, default=20.0, help="how long a quiet scheduler is watched")
    parser.add_argument("--keep", action="store_true", help="write the figures into docs/benchmarks.md")
    told = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pressroom-bench-")))
        broker = PrivateBroker(folder / "broker")
        stack.callback(broker.close)
        broker.start()
        postgres = PrivatePostgres(folder / "postgres.log")
        stack.callback(postgres.close)
        postgres.start()
        fired = [
            fire(folder, broker, f"sqlite:///{folder}/fire.sqlite", told.stored, told.due).row("Pressroom, SQLite"),
            fire(folder, broker, postgres.new_database("fire"), told.stored, told.due).row("Pressroom, PostgreSQL"),
            one_by_one(broker, told.due).row("a loop, one confirm at a time, no store"),
        ]
        still = quiet(folder, broker, told.quiet, told.idle_seconds)
    heads = [
        f"{told.due:,} of {told.stored:,} due at once",
        "half",
        "99 %",
        "all",
        "CPU of the sender",
        "CPU of RabbitMQ",
    ]
    text = "\n\n".join(
        [
            f"Measured on {machine.facts()}; seconds from the moment until RabbitMQ has confirmed the orders.",
            results.table(heads, fired),
            results.table(["schedules stored, none due", "CPU of one look", "share of a core, idle"], still),
        ]
    )
    sys.stdout.write(f"{text}\n")
    if told.keep:
        results.keep("scheduler", text)


if __name__ == "__main__":
    main()
