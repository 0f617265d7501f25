"""Small reports, end to end: how many a second, and what one costs in processor time, process by process."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable

import msgspec

from bench.generator.orders import Desk, order
from bench.house import House
from bench.results import table
from bench.tables import SMALL
from libs.common.messages import Format
from libs.local.waiting import wait_until

WARM_UP = 20
PATIENCE_SECONDS = 60.0
FORMATS: tuple[Format, ...] = ("xlsx", "csv", "pdf")


class Throughput(msgspec.Struct, frozen=True, kw_only=True):
    """`count` reports took `seconds` from the first order to the last letter; processor time per process."""

    count: int
    seconds: float
    cpu_seconds: dict[str, float]

    @property
    def per_second(self) -> float:
        """Reports per second of wall time."""
        return self.count / self.seconds

    def cpu_milliseconds(self, process: str) -> float:
        """Processor time of one report in one process, or of a process that took no part: 0."""
        return 1000 * self.cpu_seconds.get(process, 0.0) / self.count

    @property
    def total_milliseconds(self) -> float:
        """Processor time of one report in everything but the mail server and whoever places the orders."""
        return sum(self.cpu_milliseconds(name) for name in self.cpu_seconds if name not in NOT_COUNTED)


NOT_COUNTED = ("sink", "orders")
"""The same for both: the mail server, which is not ours, and this process, which stands where the scheduler does."""


def pressroom(house: House, count: int, lanes: int) -> Throughput:
    """The three services with everything on; this process is the scheduler."""
    house.new_vhost()
    api = house.start_service("api")
    house.start_service("mailer")
    house.start_service("generator", generator_lanes_normal=lanes)
    desk = Desk(house.broker_url)
    try:

        def place(numbers: range) -> None:
            desk.place([order(house, "Orders", SMALL, FORMATS, recipients=[_reader(n)]) for n in numbers])

        def recorded(total: int) -> bool:
            heard = api.metric("pressroom_events_heard_total", event="delivery.sent.v1", outcome="handled")
            return heard >= total

        return _measured(house, count, place, recorded)
    finally:
        desk.close()
        house.stop("generator", "mailer", "api")


def bare_worker(house: House, count: int, processes: int) -> Throughput:
    """Celery with as many processes, and nothing else."""
    house.new_vhost()
    environment = {
        "BENCH_BROKER_URL": house.broker_url,
        "BENCH_DATABASE_URL": house.database_url,
        "BENCH_SMTP_PORT": str(house.smtp_port),
    }
    os.environ.update(environment)  # for the sending side, which reads the same module
    from bench.generator.bare_worker import app, report

    arguments = ("-m", "celery", "--app", "bench.generator.bare_worker", "worker", "--loglevel", "WARNING")
    house.start("celery", *arguments, "--concurrency", str(processes), environment=environment)
    try:
        with app.connection_for_write(url=house.broker_url) as connection:

            def place(numbers: range) -> None:
                for number in numbers:
                    report.apply_async((SMALL, _reader(number)), connection=connection)

            return _measured(house, count, place, lambda _total: True)
    finally:
        house.stop("celery")


def shown(ours: Throughput, theirs: Throughput) -> str:
    """The figures of both, for docs/benchmarks.md."""
    names = [name for name in ours.cpu_seconds | theirs.cpu_seconds if name not in NOT_COUNTED]
    rows: list[list[object]] = [
        [name, *(f"{one.cpu_milliseconds(name):.1f}" for one in (ours, theirs))] for name in names
    ]
    rows.append(["**all of these**", *(f"**{one.total_milliseconds:.1f}**" for one in (ours, theirs))])
    rows += [
        [f"{name} (not counted)", *(f"{one.cpu_milliseconds(name):.1f}" for one in (ours, theirs))]
        for name in NOT_COUNTED
    ]
    rows.append(["reports a second", *(f"{one.per_second:.1f}" for one in (ours, theirs))])
    heads = ["milliseconds of processor time per report", "Pressroom", "bare worker"]
    ratio = ours.per_second / theirs.per_second
    return f"{ours.count} reports each; Pressroom makes {ratio:.2f} times as many a second.\n\n{table(heads, rows)}"


def _reader(number: int) -> str:
    return f"reader-{number}@example.org"


def _measured(house: House, count: int, place: Callable[[range], None], recorded: Callable[[int], bool]) -> Throughput:
    arrived = len(house.letters())
    place(range(WARM_UP))
    _await(house, arrived + WARM_UP)
    wait_until(lambda: recorded(WARM_UP), PATIENCE_SECONDS, lambda: "the warming up was not recorded")
    arrived += WARM_UP
    before = house.cpu_seconds()
    began, own = time.monotonic(), time.process_time()
    place(range(WARM_UP, WARM_UP + count))
    own = time.process_time() - own
    letters = _await(house, arrived + count)[arrived:]
    wait_until(lambda: recorded(WARM_UP + count), PATIENCE_SECONDS, lambda: "the end was not recorded")
    after = house.cpu_seconds()
    _check_once(letters)
    used = {name: after[name] - before[name] for name in after} | {"orders": own}
    return Throughput(count=count, seconds=letters[-1][0] - began, cpu_seconds=used)


def _await(house: House, total: int) -> list[tuple[float, str]]:
    """The letters, as soon as there are `total`; a TransientFailure if for a long time none comes."""
    while (arrived := len(house.letters())) < total:
        wait_until(
            lambda before=arrived: len(house.letters()) > before,  # type: ignore[misc]
            PATIENCE_SECONDS,
            lambda: f"only {len(house.letters())} of {total} letters came",
            0.2,
        )
    return house.letters()


def _check_once(letters: list[tuple[float, str]]) -> None:
    twice = [message_id for message_id, times in Counter(one for _, one in letters).items() if times > 1]
    if twice:
        raise RuntimeError(f"Some letters came more than once: {twice[:3]}")
