"""Personal reports for ten thousand people in one burst: how fast they come, and how much memory that takes over time.

`make bench-burst`, or `python -m bench.burst --recipients 10000`. The generator, the mailer and the api are the real
ones; each recipient gets a csv file of 20 rows as a letter, and has a line in the record that says so.
"""

from __future__ import annotations

import argparse
import signal
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import msgspec
import psycopg

from bench import machine, results
from bench.generator.orders import Desk, order
from bench.house import House, Service, opened
from bench.processes import descendants
from libs.common.delivering import Burst
from libs.common.messages import Parameter, ReportOrder

ROWS_EACH = 20
PATIENCE_SECONDS = 3_600.0
LOOK_EVERY_SECONDS = 2.0
STEPS = 5
"""The time from the first letter to the last is shown in so many steps."""

WAYS: Mapping[str, str] = {
    "each": "a query for each recipient",
    "shared": "one query, shared out",
}
SERVICES = ("generator", "mailer", "api")


class Sample(NamedTuple):
    """One look: the seconds since the order, letters that have arrived, and megabytes of each service."""

    seconds: float
    letters: int
    megabytes: Mapping[str, float]


class Run(NamedTuple):
    """What came of one way to make the reports."""

    way: str
    recipients: int
    listed: float
    """Seconds from the order to the first letter."""
    recorded: float
    """Seconds from the order until the record says that all have ended."""
    samples: Sequence[Sample]
    cpu: Mapping[str, float]


def main() -> int:
    """Measure, print, and keep the figures in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m bench.burst", description=__doc__)
    parser.add_argument("--recipients", type=int, default=10_000, help="how many (default: %(default)s)")
    parser.add_argument("--lanes", type=int, default=2, help="reports that are made at a time (default: %(default)s)")
    parser.add_argument("--way", action="append", choices=WAYS, help="measure only this; may be given several times")
    parser.add_argument("--keep", action="store_true", help="write the figures into docs/benchmarks.md")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that nothing is left behind
    with opened(large_rows=1) as house:
        _load(house.database_url, options.recipients)
        runs = [_run(house, way, options.recipients, options.lanes) for way in options.way or WAYS]
    text = f"{datetime.now(UTC):%d %B %Y}, {machine.facts()}.\n\n{_shown(runs)}"
    sys.stdout.write(f"{text}\n")
    if options.keep:
        results.keep("burst", text)
    return 0


def _load(url: str, recipients: int) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(
            f"CREATE TABLE scores AS SELECT n % {recipients} AS member, n AS quiz, n * 7919 % 100 AS score,"
            " date '2026-01-01' + (n % 365)::integer AS day, 'Quiz ' || n AS title"
            f" FROM generate_series(0, {recipients * ROWS_EACH - 1}) AS n"
        )
        connection.execute("CREATE INDEX ON scores (member)")


def _order(house: House, way: str, recipients: int) -> ReportOrder:
    people = "SELECT 'm' || n || '@example.org' AS address, 'Member ' || n AS name, n AS {column} "
    people += f"FROM generate_series(0, {recipients - 1}) AS n"
    columns = "SELECT quiz, title, day, score, member FROM scores"
    if way == "each":
        one = order(
            house,
            "Scores",
            f"{columns} WHERE member = :member ORDER BY quiz",
            ("csv",),
            parameters=(Parameter(name="member", type="integer", value=0),),
        )
        burst = Burst(sql=people.format(column="member"), cap=recipients)
    else:
        one = order(house, "Scores", f"{columns} ORDER BY quiz", ("csv",))
        burst = Burst(sql=people.format(column="key"), share_out_by="member", cap=recipients)
    return msgspec.structs.replace(one, burst=burst)


def _run(house: House, way: str, recipients: int, lanes: int) -> Run:
    house.new_vhost()
    for name in ("api", "generator", "mailer"):
        for path in house.folder.glob(f"{name}.sqlite*"):
            path.unlink()
    services = {
        "api": house.start_service("api"),
        "mailer": house.start_service("mailer"),
        "generator": house.start_service("generator", generator_lanes_low=lanes),
    }
    seen, before = len(house.letters()), house.cpu_seconds()
    desk = Desk(house.broker_url)
    began = time.monotonic()
    (report_id,) = desk.place([_order(house, way, recipients)])
    desk.close()
    samples = [_sample(services, 0.0, 0)]
    while len(house.letters()) - seen < recipients:
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise TimeoutError(f"{len(house.letters()) - seen} of {recipients} letters came.")
        time.sleep(LOOK_EVERY_SECONDS)
        samples.append(_sample(services, time.monotonic() - began, len(house.letters()) - seen))
    while (ended := _ended(house.folder, report_id)) < recipients:
        if time.monotonic() - began > PATIENCE_SECONDS:
            raise TimeoutError(f"The record knows the end of {ended} of {recipients} reports.")
        time.sleep(LOOK_EVERY_SECONDS)
    recorded = time.monotonic() - began
    arrived = house.letters()[seen:]
    if len({message_id for _, message_id in arrived}) != recipients:
        raise RuntimeError("A letter came twice.")
    after = house.cpu_seconds()
    house.stop(*services)
    cpu = {name: after[name] - before.get(name, 0.0) for name in after}
    return Run(way, recipients, arrived[0][0] - began, recorded, samples, cpu)


def _sample(services: Mapping[str, Service], seconds: float, letters: int) -> Sample:
    return Sample(seconds, letters, {name: _megabytes(services[name].pid) for name in SERVICES})


def _megabytes(pid: int) -> float:
    """The memory of a service and its children, what they share counted once."""
    return sum(_proportional(one) for one in (pid, *descendants(pid)))


def _proportional(pid: int) -> float:
    with suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0.0


def _ended(folder: Path, report_id: UUID) -> int:
    """Reports of the burst that have ended, as the record counts them."""
    with closing(sqlite3.connect(f"file:{folder}/api.sqlite?mode=ro", uri=True)) as connection:
        found = connection.execute(
            "SELECT completed + partial + failed + skipped + cancelled FROM bursts WHERE report_id = ?",
            (report_id.hex,),
        ).fetchone()
    return int(found[0]) if found is not None else 0


def _shown(runs: Sequence[Run]) -> str:
    parts = []
    for run in runs:
        seconds = run.samples[-1].seconds - run.listed
        cost = ", ".join(
            f"{name} {run.cpu[name] / run.recipients * 1000:.1f} ms"
            for name in (*SERVICES, "postgres", "rabbitmq")
            if name in run.cpu
        )
        parts.append(
            f"**{WAYS[run.way].capitalize()}**: {run.recipients:,} reports of {ROWS_EACH} rows, "
            f"{run.recipients / seconds:,.0f} a second; the first letter after {run.listed:.1f} s, the last after "
            f"{run.samples[-1].seconds:,.0f} s, and the record knew of all after {run.recorded:,.0f} s. Processor time "
            f"of a report: {cost}.\n\n{_over_time(run)}"
        )
    return "\n\n".join(parts)


def _over_time(run: Run) -> str:
    """The memory at the beginning and in equal steps; each figure is the most since the one before."""
    rows, last = [], 0
    for step in range(1, STEPS + 1):
        end = len(run.samples) * step // STEPS
        some = run.samples[last:end] or run.samples[-1:]
        most = [f"{max(one.megabytes[name] for one in some):,.0f} MB" for name in SERVICES]
        rows.append([f"{some[-1].seconds:,.0f} s", f"{some[-1].letters:,}", *most])
        last = end
    return results.table(["until", "letters", *(f"most memory of the {name}" for name in SERVICES)], rows)


if __name__ == "__main__":
    raise SystemExit(main())
