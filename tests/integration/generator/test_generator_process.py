from __future__ import annotations

import hashlib
import os
import signal
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from generator_process import ENDLESS, PATIENCE_SECONDS, GeneratorProcess, Installation
from openpyxl import load_workbook
from pypdf import PdfReader

from libs.common.messages import (
    ReportFailed,
    ReportGenerated,
    ReportProgressed,
    ReportRetrying,
    ReportStarted,
)
from libs.local.ports import free_port
from libs.local.waiting import wait_until


def descendants(pid: int) -> set[int]:
    """All processes that `pid` has started, and those that they have."""
    found: set[int] = set()
    while more := children_of(found | {pid}) - found:
        found |= more
    return found


def children_of(parents: set[int]) -> set[int]:
    """The processes that these have started themselves."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z" and int(parent) in parents:
                found.add(int(stat.parent.name))
    return found


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def endless_child(generator: GeneratorProcess) -> int:
    """The child that does not stop to work; those that the generator has started itself are no such children."""

    def busy_seconds(pid: int) -> float:
        try:
            after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(after[11]) + int(after[12])) / os.sysconf("SC_CLK_TCK")

    helpers = children_of({generator.child.pid})
    return max(descendants(generator.child.pid) - helpers, key=busy_seconds)


def test_a_command_becomes_files_an_event_and_a_delivery(installation: Installation) -> None:
    generator = installation.start()
    at = datetime(2026, 5, 5, 6, tzinfo=UTC)
    command = installation.command(formats=("xlsx", "csv", "pdf"), scheduled_for=at)
    installation.order(command)
    installation.wait_for(lambda: bool(installation.deliveries()), "the delivery")

    (delivery,) = installation.deliveries()
    (generated,) = installation.events(ReportGenerated)
    assert delivery.report_id == generated.report_id == command.report_id
    assert delivery.artifacts == generated.artifacts
    assert (delivery.scheduled_for, delivery.priority) == (at, "urgent")
    assert [started.attempt for started in installation.events(ReportStarted)] == [1]

    content = {artifact.format: installation.storage.read(artifact.key) for artifact in generated.artifacts}
    for artifact in generated.artifacts:
        assert artifact.sha256 == hashlib.sha256(content[artifact.format]).hexdigest()
        assert artifact.filename == f"sales-2026-05-05.{artifact.format}"
    assert content["csv"] == b"\xef\xbb\xbfday,units\r\n2026-05-01,3\r\n2026-05-02,4\r\n"
    (installation.folder / "sales.xlsx").write_bytes(content["xlsx"])
    sheet = load_workbook(installation.folder / "sales.xlsx")["All"]
    assert [row[1] for row in sheet.iter_rows(values_only=True)] == ["units", 3, 4]
    (installation.folder / "sales.pdf").write_bytes(content["pdf"])
    assert "2026-05-02" in PdfReader(installation.folder / "sales.pdf").pages[0].extract_text()

    assert installation.files() == []
    assert 'pressroom_reports_total{outcome="generated"} 1.0' in generator.metrics()
    assert 'pressroom_report_wait_seconds_count{priority="urgent"} 1.0' in generator.metrics()
    (line,) = [line for line in generator.lines() if line["message"] == "report generated"]
    assert (line["report_id"], line["rows"]) == (str(command.report_id), 2)


def test_the_same_command_twice_makes_one_report(installation: Installation) -> None:
    command = installation.command()
    installation.order(command, command)
    installation.start("one")
    installation.start("two")
    other = installation.command()
    installation.wait_for(lambda: installation.waiting() == 0, "the end of the queue")
    installation.order(other)
    installation.wait_for(lambda: len(installation.deliveries()) == 2, "the deliveries")
    assert {delivery.report_id for delivery in installation.deliveries()} == {command.report_id, other.report_id}
    assert len(installation.events(ReportGenerated)) == 2
    assert len(installation.events(ReportStarted)) == 2


def test_a_source_that_is_down_is_tried_again_and_then_the_cause_is_told(installation: Installation) -> None:
    installation.start()
    url = f"postgresql://ada:secret-word@127.0.0.1:{free_port()}/shop"
    command = installation.command(url=url, max_retries=1)
    installation.order(command)
    installation.wait_for(lambda: bool(installation.events(ReportFailed)), "the failure")
    (retrying,), (failed,) = installation.events(ReportRetrying), installation.events(ReportFailed)
    assert (retrying.attempt, retrying.max_attempts, retrying.stage) == (1, 2, "query")
    assert (failed.attempt, failed.error_class) == (2, "transient")
    assert failed.reason.startswith("The source 'shop' refused the connection")
    letters: list[object] = []
    installation.wait_for(lambda: bool(letters.extend(installation.dead_letters()) or letters), "the dead letter")
    assert "secret-word" not in str(letters)
    assert installation.deliveries() == []


def test_an_error_in_the_sql_is_not_tried_again(installation: Installation) -> None:
    installation.start()
    installation.order(installation.command("SELECT nope FROM sales"))
    installation.wait_for(lambda: bool(installation.dead_letters()), "the dead letter")
    (failed,) = installation.events(ReportFailed)
    assert failed.reason == "The query 'All' failed in the source 'shop': no such column: nope (line 1, column 8)."
    assert installation.events(ReportRetrying) == []


def test_a_report_that_does_not_end_fails_while_others_are_made(installation: Installation) -> None:
    installation.start(generator_hard_limit_seconds=3)
    endless = installation.command(ENDLESS, priority="normal")
    installation.order(endless)
    installation.wait_for(lambda: bool(installation.events(ReportStarted)), "the start")
    installation.order(installation.command())
    installation.wait_for(lambda: bool(installation.events(ReportGenerated)), "the other report")
    installation.wait_for(lambda: bool(installation.events(ReportFailed)), "the failure")
    (failed,) = installation.events(ReportFailed)
    assert (failed.report_id, failed.error_class) == (endless.report_id, "permanent")
    assert failed.reason == "The report did not end within 3 seconds and was killed; let it read less."
    assert any(told.report_id == endless.report_id for told in installation.events(ReportProgressed))
    assert installation.files() == []


def test_a_child_that_is_killed_is_made_good(installation: Installation) -> None:
    generator = installation.start(generator_lanes_high=0, generator_lanes_normal=0, generator_lanes_low=0)
    command = installation.command(ENDLESS)
    installation.order(command)
    installation.wait_for(lambda: bool(installation.events(ReportProgressed)), "progress")
    os.kill(endless_child(generator), signal.SIGKILL)
    installation.wait_for(lambda: bool(installation.events(ReportRetrying)), "the retry")
    (retrying,) = installation.events(ReportRetrying)
    assert "was killed" in retrying.reason
    installation.wait_for(lambda: len(installation.events(ReportStarted)) == 2, "the second attempt")


def test_a_generator_that_is_killed_leaves_nothing_and_its_report_is_taken_over(installation: Installation) -> None:
    first = installation.start("first")
    slow = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 3000000) SELECT count(*) AS x FROM n"
    command = installation.command(slow, max_retries=0)
    installation.order(command)
    installation.wait_for(lambda: bool(installation.events(ReportStarted)), "the start")
    orphans = descendants(first.child.pid)
    assert len(orphans) > 1
    os.kill(first.child.pid, signal.SIGKILL)
    wait_until(lambda: not any(map(is_there, orphans)), PATIENCE_SECONDS, lambda: f"of {orphans} some live on")

    installation.start("second")
    installation.wait_for(lambda: bool(installation.deliveries()), "the delivery")
    (generated,) = installation.events(ReportGenerated)
    assert (generated.report_id, generated.attempt) == (command.report_id, 2)
    assert installation.files() == []


def test_a_generator_that_is_asked_to_stop_finishes_what_is_short(installation: Installation) -> None:
    generator = installation.start()
    installation.order(*(installation.command() for _ in range(3)))
    installation.wait_for(lambda: bool(installation.events(ReportStarted)), "a start")
    generator.child.stop()
    started = {event.report_id for event in installation.events(ReportStarted)}
    generated = {event.report_id for event in installation.events(ReportGenerated)}
    assert started == generated
    assert installation.waiting() == 3 - len(generated)


def test_a_generator_that_is_asked_to_stop_gives_back_what_is_long(installation: Installation) -> None:
    generator = installation.start("first", stop_timeout_seconds=3)
    command = installation.command(ENDLESS, max_retries=0)
    installation.order(command)
    installation.wait_for(lambda: bool(installation.events(ReportProgressed)), "progress")
    began = time.monotonic()
    generator.child.stop()
    assert time.monotonic() - began < 15
    assert installation.events(ReportFailed) == []
    assert installation.files() == []

    installation.start("second", generator_hard_limit_seconds=2)
    installation.wait_for(lambda: bool(installation.events(ReportFailed)), "the second attempt's end")
    assert [event.attempt for event in installation.events(ReportStarted)] == [1, 2]


def test_a_generator_works_on_postgresql(installation: Installation, postgres_url: str) -> None:
    installation.store_url = postgres_url
    installation.start("one")
    installation.start("two")
    commands = [installation.command() for _ in range(6)]
    installation.order(*commands, *commands)
    installation.wait_for(lambda: len(installation.deliveries()) >= 6, "the deliveries")
    assert sorted(event.report_id for event in installation.events(ReportGenerated)) == sorted(
        command.report_id for command in commands
    )


def test_an_urgent_report_does_not_wait_for_a_long_one(installation: Installation) -> None:
    installation.start()
    installation.order(*(installation.command(ENDLESS, priority="low") for _ in range(3)))
    installation.wait_for(lambda: bool(installation.events(ReportStarted)), "the start")
    urgent = installation.command()
    installation.order(urgent)
    installation.wait_for(lambda: bool(installation.deliveries()), "the urgent delivery")
    (generated,) = installation.events(ReportGenerated)
    assert generated.report_id == urgent.report_id
    assert installation.waiting("low") == 2


def test_settings_that_are_wrong_are_named_at_the_door(installation: Installation) -> None:
    generator = GeneratorProcess(
        installation.folder,
        "wrong",
        {"PRESSROOM_BROKER_URL": installation.broker_url, "PRESSROOM_SEAL_KEYS": str(uuid4())},
    )
    generator.child.start()
    wait_until(lambda: not generator.child.running(), PATIENCE_SECONDS, lambda: "it runs")
    assert "PRESSROOM_SEAL_KEYS must hold one or more Fernet keys" in generator.log.read_text()
