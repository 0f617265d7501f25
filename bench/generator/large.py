"""Large reports through the real service: time, most memory of the child, and the baselines in the same run."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Sequence

import msgspec

from bench.generator.baselines import narrow
from bench.generator.orders import Desk, order
from bench.house import REPOSITORY, House, Service
from bench.processes import descendants, peak_megabytes
from bench.results import table
from libs.common.connection import kombu_connection
from libs.common.messages import Format, ReportFailed, ReportGenerated, decode_event
from libs.common.topology import events_queue

PATIENCE_SECONDS = 1_800.0

PSQL = r"psql \copy"

ALL: tuple[Format, ...] = ("xlsx", "csv", "pdf", "json", "ndjson", "parquet", "html")


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A report was made: from its order to the word that it exists, and the most memory of the child that made it."""

    seconds: float
    megabytes: float


class Bench:
    """Makes one report after the other, each in a fresh generator, so that memory is that of one report."""

    def __init__(self, house: House) -> None:
        self._house = house

    def make(self, rows: int, formats: Sequence[Format], *, sql: str = "") -> Made:
        """One report on `rows` rows of 16 columns, or on `sql`."""
        house = self._house
        house.new_vhost()
        service = house.start_service("generator", generator_memory_megabytes=4096, generator_lanes_normal=1)
        desk = Desk(house.broker_url)
        try:
            began = time.monotonic()
            desk.place([order(house, "Lines", sql or wide(rows), formats)])
            _wait_until_made(house.broker_url)
            return Made(seconds=time.monotonic() - began, megabytes=_largest_child(service))
        finally:
            desk.close()
            house.stop("generator")

    def baseline(self, name: str, rows: int) -> Made:
        """One run of a baseline (see baselines.py)."""
        file = self._house.folder / f"{name}.out"
        command = [sys.executable, "-m", "bench.generator.baselines", name, self._house.database_url, str(rows)]
        done = subprocess.run([*command, str(file)], cwd=REPOSITORY, check=True, capture_output=True, text=True)
        file.unlink(missing_ok=True)
        seconds, megabytes = done.stdout.split()
        return Made(seconds=float(seconds), megabytes=float(megabytes))


def wide(rows: int) -> str:
    """All 16 columns of the first rows."""
    return f"SELECT * FROM lines WHERE id <= {rows}"


def csv(bench: Bench) -> str:
    """CSV against `psql \\copy`; aim: at most 3 times as long."""
    rows = 1_000_000
    ours, limit = bench.make(rows, ["csv"]), bench.baseline("copy", rows)
    return _compared([("csv", rows, 16, ours, limit, PSQL, f"{ours.seconds / limit.seconds:.1f} × as long")])


def xlsx(bench: Bench) -> str:
    """Excel against openpyxl; aim: 4 times as fast at 100,000 rows, 5 times at 400,000."""
    lines = []
    for rows in (100_000, 400_000):
        ours, theirs = bench.make(rows, ["xlsx"]), bench.baseline("openpyxl", rows)
        lines.append(("xlsx", rows, 16, ours, theirs, "openpyxl, write-only", _faster(ours, theirs)))
    return _compared(lines)


def pdf(bench: Bench) -> str:
    """PDF against a platypus table; aim: 4 times as fast."""
    rows = 10_000
    ours, theirs = bench.make(rows, ["pdf"], sql=narrow(rows)), bench.baseline("platypus", rows)
    return _compared([("pdf", rows, 8, ours, theirs, "platypus Table", _faster(ours, theirs))])


def memory(bench: Bench) -> str:
    """Each format at 50,000 and 100,000 rows, and csv, xlsx and parquet at a million: linear, and flat in memory."""
    lines: list[list[object]] = []
    for format_ in ALL:
        sizes = (50_000, 100_000, 1_000_000) if format_ in ("csv", "xlsx", "parquet") else (50_000, 100_000)
        for rows in sizes:
            made = bench.make(rows, [format_])
            per_row = 1e6 * made.seconds / rows
            lines.append([format_, f"{rows:,}", f"{made.seconds:.1f}", f"{per_row:.0f}", f"{made.megabytes:.0f}"])
    return table(["format", "rows × 16", "seconds", "µs per row", "peak MB of the child"], lines)


def together(bench: Bench) -> str:
    """All formats from one execution against one report for each."""
    rows = 100_000
    alone = [bench.make(rows, [format_]) for format_ in ALL]
    at_once = bench.make(rows, ALL)
    one_by_one = sum(made.seconds for made in alone)
    lines = [
        ["a report for each format", f"{one_by_one:.1f}", f"{max(made.megabytes for made in alone):.0f}"],
        ["one report with all formats", f"{at_once.seconds:.1f}", f"{at_once.megabytes:.0f}"],
    ]
    heads = [f"{rows:,} × 16 as {', '.join(ALL)}", "seconds", "peak MB of a child"]
    return f"{table(heads, lines)}\n\nAt once takes {at_once.seconds / one_by_one:.2f} of the time."


def _compared(lines: Sequence[tuple[str, int, int, Made, Made, str, str]]) -> str:
    rows = [
        [
            f"{format_}, {count:,} × {columns}",
            f"{ours.seconds:.2f}",
            f"{ours.megabytes:.0f}",
            f"{other}: {theirs.seconds:.2f}",
            f"{theirs.megabytes:.0f}" if other != PSQL else "–",  # the server does the work
            verdict,
        ]
        for format_, count, columns, ours, theirs, other, verdict in lines
    ]
    return table(["report", "seconds", "peak MB", "baseline: seconds", "peak MB", "Pressroom is"], rows)


def _faster(ours: Made, theirs: Made) -> str:
    return f"{theirs.seconds / ours.seconds:.1f} × as fast"


def _largest_child(service: Service) -> float:
    return max(peak_megabytes(pid) for pid in descendants(service.pid))


def _wait_until_made(broker_url: str) -> None:
    """Listen in the place of the api until the report exists."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with kombu_connection(broker_url) as connection:
        while time.monotonic() < deadline:
            message = connection.default_channel.basic_get(events_queue("api"), no_ack=True)
            if message is None:
                time.sleep(0.01)
                continue
            event = decode_event(message.body, message.delivery_info["routing_key"])
            if isinstance(event, ReportFailed):
                raise RuntimeError(f"The report failed: {event.reason}")
            if isinstance(event, ReportGenerated):
                return
    raise TimeoutError(f"The report was not made within {PATIENCE_SECONDS:.0f} seconds.")


PARTS = {"csv": csv, "xlsx": xlsx, "pdf": pdf, "memory": memory, "together": together}
"""Name → what measures it."""
