"""The demo as its user sees it: a program that ends with 0, and letters with the right numbers in them.

What is compared here is read from the letters and from the data set's own CSV files, by nothing that the demo uses.
"""

from __future__ import annotations

import csv
import io
import os
import shutil
import signal
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from demo.flights import load_flights, shipped_data
from libs.local import processes
from libs.local.instance import Instance
from libs.local.waiting import wait_until

HOME = Path(__file__).parents[2]

READERS = {
    "amelia@example.org": "delays-by-carrier-and-month",
    "bessie@example.org": "delays-by-carrier-and-month",
    "jacqueline@example.com": "delays-by-carrier-and-month",
    "duty-desk@example.com": "departures-of-a-day",
    "wilbur@example.com": "month-at-a-glance",
}
DASHBOARD = "month-at-a-glance"
BLIZZARD = ("2013", "2", "8")

SECONDS = 240
"""For one demo on a machine that is busy with other tests."""

# At home one service is enough; it is the one whose death can hurt most.
KILLED = ("api", "scheduler", "generator", "mailer") if os.environ.get("CI") == "true" else ("mailer",)


class RunningDemo:
    """`python -m demo` in a folder of its own; what it has said so far is in `said`."""

    def __init__(self, root: Path, *arguments: str) -> None:
        self.root = root
        self.output = root.with_name(f"{root.name}.output")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "demo", "--folder", str(root), *arguments],
                cwd=HOME,
                env={**os.environ, "PYTHONUNBUFFERED": "1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def said(self) -> str:
        return self.output.read_text("utf-8")

    def wait_until(self, condition: Callable[[], object]) -> None:
        wait_until(lambda: bool(condition()) or self.process.poll() is not None, SECONDS, lambda: self.said, 0.01)
        assert self.process.poll() is None, self.said

    def end(self) -> int:
        return self.process.wait(SECONDS)

    def letters(self) -> list[EmailMessage]:
        """The letters that came, the oldest first."""
        parser = BytesParser(EmailMessage, policy=default)
        return [parser.parsebytes(path.read_bytes()) for path in sorted((self.root / "mail").glob("*.eml"))]

    def left_running(self) -> list[int]:
        return processes.marked(self.root)


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., RunningDemo]]:
    demos: list[RunningDemo] = []

    def start(*arguments: str) -> RunningDemo:
        demos.append(RunningDemo(tmp_path / "demo", *arguments))
        return demos[-1]

    yield start
    for demo in demos:
        if demo.process.poll() is None:
            demo.process.terminate()
            demo.end()


@pytest.fixture(scope="module")
def flights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loaded once for the demos that are not about loading them."""
    target = tmp_path_factory.mktemp("flights") / "flights.sqlite"
    load_flights(target, shipped_data())
    return target


@pytest.fixture
def flights_are_there(flights: Path, tmp_path: Path) -> None:
    (tmp_path / "demo").mkdir()
    shutil.copy(flights, tmp_path / "demo" / "flights.sqlite")


def given_flights() -> list[dict[str, str]]:
    with zipfile.ZipFile(shipped_data() / "flights.csv.zip") as packed, packed.open("flights.csv") as lines:
        return list(csv.DictReader(io.TextIOWrapper(lines, "utf-8", newline="")))


def given_airlines() -> dict[str, str]:
    with (shipped_data() / "airlines.csv").open(encoding="utf-8") as lines:
        return {line["carrier"]: line["name"] for line in csv.DictReader(lines)}


def recipients(letters: list[EmailMessage]) -> Counter[str]:
    return Counter(letter["To"].addresses[0].addr_spec for letter in letters)


def attachments(letter: EmailMessage) -> dict[str, bytes]:
    """The content of each attached file, by its ending."""
    files = [(part.get_filename() or "", part.get_payload(decode=True)) for part in letter.iter_attachments()]
    return {Path(name).suffix: content for name, content in files if isinstance(content, bytes)}


def rows_of(xlsx: bytes) -> list[dict[str, Any]]:
    headings, *rows = load_workbook(io.BytesIO(xlsx)).worksheets[0].iter_rows(values_only=True)
    return [dict(zip(map(str, headings), row, strict=True)) for row in rows]


def test_the_demo_sends_letters_with_the_numbers_of_the_data_set(start_demo: Callable[..., RunningDemo]) -> None:
    demo = start_demo()
    assert demo.end() == 0, demo.said

    letters = demo.letters()
    assert recipients(letters) == Counter(READERS.keys())
    for letter in letters:
        slug = READERS[letter["To"].addresses[0].addr_spec]
        files = attachments(letter)
        assert sorted(files) == [".csv", *([".html"] if slug == DASHBOARD else []), ".pdf", ".xlsx"]
        assert files[".pdf"].startswith(b"%PDF-")
        for ending, content in files.items():
            kept = [path.read_bytes() for path in (demo.root / "files").glob(f"{slug}-*{ending}")]
            assert content in kept

    by_slug = {READERS[letter["To"].addresses[0].addr_spec]: attachments(letter) for letter in letters}
    lines, airlines = given_flights(), given_airlines()
    delays = rows_of(by_slug["delays-by-carrier-and-month"][".xlsx"])
    assert {(row["Month"], row["Airline"]): row["Flights"] for row in delays} == Counter(
        (f"2013-{int(line['month']):02d}", airlines[line["carrier"]]) for line in lines
    )
    assert sum(row["Cancelled"] for row in delays) == sum(line["dep_time"] == "NA" for line in lines) == 8255

    board = rows_of(by_slug["departures-of-a-day"][".xlsx"])
    of_the_day = [line for line in lines if (line["year"], line["month"], line["day"]) == BLIZZARD]
    assert Counter((row["From"], row["Flight"], row["Arrival delay, min"]) for row in board) == Counter(
        (
            line["origin"],
            f"{line['carrier']} {line['flight']}",
            None if line["arr_delay"] == "NA" else int(line["arr_delay"]),
        )
        for line in of_the_day
    )

    for address in READERS:
        assert address in demo.said
    assert demo.left_running() == []


@pytest.mark.usefixtures("flights_are_there")
@pytest.mark.parametrize("service", KILLED)
def test_the_demo_survives_the_death_of_a_service(start_demo: Callable[..., RunningDemo], service: str) -> None:
    demo = start_demo()
    at_work = {
        "api": lambda: "and the four services" in demo.said,
        "scheduler": lambda: "waiting for its moment" in demo.said,
        "generator": lambda: "running the query" in demo.said,
        "mailer": lambda: list((demo.root / "mail").glob("*.eml")),
    }
    demo.wait_until(at_work["api"])  # the services are ready then
    instance = Instance(demo.root)
    victim = instance.pid(service)
    demo.wait_until(at_work[service])
    os.kill(victim, signal.SIGKILL)

    assert demo.end() == 0, demo.said
    assert recipients(demo.letters()) == Counter(READERS.keys())
    assert f"exited: {service} (terminated by SIGKILL; not expected)" in instance.log("supervisord").read_text()
    assert demo.left_running() == []


@pytest.mark.usefixtures("flights_are_there")
def test_a_demo_that_cannot_finish_says_why_and_stops_everything(start_demo: Callable[..., RunningDemo]) -> None:
    demo = start_demo("--deadline-seconds", "0.1")

    assert demo.end() == 1
    assert "The demo has failed. Not everything came within 0.1 seconds." in demo.said
    assert "Delays by airline and month" in demo.said.partition("The demo has failed.")[2]
    assert demo.left_running() == []


@pytest.mark.usefixtures("flights_are_there")
def test_a_demo_that_is_interrupted_stops_everything(start_demo: Callable[..., RunningDemo]) -> None:
    demo = start_demo()
    demo.wait_until(demo.left_running)
    demo.process.send_signal(signal.SIGINT)

    assert demo.end() == 130, demo.said
    assert demo.left_running() == []
