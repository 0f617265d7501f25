"""Reports that would take everything end alone, each with its class and sentence, and the worker goes on."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from generator_process import Installation
from sqlalchemy.engine import make_url

from libs.common.clock import utc_now
from libs.common.handling import Limits
from libs.common.messages import (
    GenerateReport,
    ReportCancelled,
    ReportCancelRequested,
    ReportFailed,
    ReportGenerated,
    ReportStarted,
)


class Database:
    """A PostgreSQL source, seen by its owner."""

    def __init__(self, url: str) -> None:
        self.url = url
        plain = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self._connection = psycopg.connect(plain, autocommit=True)

    def busy(self, words: str) -> list[int]:
        """The backends that are at work for a report on a query with these words."""
        rows = self._connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'pressroom' AND state = 'active'"
            " AND query LIKE %s",
            (f"%{words}%",),
        )
        return [row[0] for row in rows]

    def terminate(self, pid: int) -> None:
        self._connection.execute("SELECT pg_terminate_backend(%s)", (pid,))

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def database(postgres_url: str) -> Any:
    database = Database(postgres_url)
    yield database
    database.close()


def ends(installation: Installation) -> dict[UUID, ReportFailed | ReportGenerated | ReportCancelled]:
    """How each report ended that has."""
    kinds = (ReportFailed, ReportGenerated, ReportCancelled)
    return {event.report_id: event for event in installation.events() if isinstance(event, kinds)}


def test_reports_that_would_take_everything_end_alone(installation: Installation, database: Database) -> None:
    generator = installation.start(generator_lanes_urgent=3, generator_memory_megabytes=4096)

    def bad(sql: str, **more: Any) -> GenerateReport:
        return installation.command(sql, **{"url": database.url, "max_retries": 0, **more})

    sleeps = bad("SELECT pg_sleep(86400)", limits=Limits(hard_seconds=2))
    drips = bad("SELECT generate_series(1, 1000000000) AS n, pg_sleep(0.001)::text AS x", limits=Limits(soft_seconds=1))
    many = bad("SELECT generate_series(1, 1000000000) AS n", max_rows=5_000)
    few = bad("SELECT generate_series(1, 10) AS n", limits=Limits(max_rows=4))
    eats = bad("SELECT repeat('x', 300000000) AS x", formats=("xlsx",), limits=Limits(memory_megabytes=256))
    grows = bad("SELECT md5(n::text) FROM generate_series(1, 100000) AS n", limits=Limits(file_megabytes=1))
    cut_off = bad("SELECT generate_series(1, 1000000000) AS n, pg_sleep(0.0001)::text AS x")
    good = installation.command()
    reports = (cut_off, sleeps, drips, many, few, eats, grows, good)
    installation.order(*reports)

    installation.wait_for(lambda: bool(database.busy("0.0001")), "the query to cut off")
    database.terminate(database.busy("0.0001")[0])
    installation.wait_for(lambda: len(ends(installation)) == len(reports), "the end of every report")
    told = ends(installation)

    def failure(command: GenerateReport) -> tuple[str, str, str]:
        failed = told[command.report_id]
        assert isinstance(failed, ReportFailed), failed
        return failed.error_class, failed.stage, failed.reason

    assert failure(sleeps) == (
        "permanent",
        "query",
        "The report did not end within 2 seconds and was killed; let it read less.",
    )
    error_class, stage, reason = failure(drips)
    assert (error_class, stage) == ("permanent", "query")
    assert reason.startswith("The report took longer than 1 second and was stopped after ")
    assert failure(eats) == (
        "permanent",
        "query",
        "The report needed more than the 256 MB of memory that a report may have; let it read less.",
    )
    assert failure(grows)[0] == "permanent"
    assert failure(grows)[2] == "A file of the report grew beyond the 1 MB that a file may have; let it read less."
    error_class, stage, reason = failure(cut_off)
    assert (error_class, stage) == ("transient", "query")
    assert reason.startswith("The source 'shop' broke off the query 'All': ")
    for command, shown in ((many, 5_000), (few, 4)):
        generated = told[command.report_id]
        assert isinstance(generated, ReportGenerated)
        assert generated.rows == shown
        assert any(f"the limit is {shown:,}." in note for note in generated.notes), generated.notes

    assert isinstance(told[good.report_id], ReportGenerated)
    installation.wait_for(lambda: not database.busy(""), "the end of every query")
    made = {artifact.key for one in told.values() if isinstance(one, ReportGenerated) for artifact in one.artifacts}
    folder = installation.folder / "artifacts"
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == made
    assert installation.files() == []
    assert generator.child.running


def test_a_cancelled_report_stops_its_query_and_a_queued_one_never_starts(
    installation: Installation, database: Database
) -> None:
    installation.start("one")
    installation.start("two", generator_lanes_urgent=0)  # hears some of the requests, and makes none of these reports
    runs = installation.command("SELECT pg_sleep(3600)", url=database.url)
    queued, good = installation.command(), installation.command()
    installation.order(runs, queued, good)
    installation.wait_for(lambda: bool(database.busy("pg_sleep")), "the query")

    def request(command: GenerateReport) -> ReportCancelRequested:
        return ReportCancelRequested(at=utc_now(), report_id=command.report_id, requested_by="ann", reason="Wrong.")

    installation.order(request(queued), request(runs), request(runs))
    installation.wait_for(lambda: len(ends(installation)) == 3, "the end of every report")
    told = ends(installation)
    for command, attempt in ((runs, 1), (queued, 0)):
        cancelled = told[command.report_id]
        assert isinstance(cancelled, ReportCancelled)
        assert (cancelled.attempt, cancelled.requested_by, cancelled.reason) == (attempt, "ann", "Wrong.")
    assert isinstance(told[good.report_id], ReportGenerated)
    assert {started.report_id for started in installation.events(ReportStarted)} == {runs.report_id, good.report_id}
    assert len(installation.events(ReportCancelled)) == 2
    installation.wait_for(lambda: not database.busy("pg_sleep"), "the end of the query")
    assert installation.dead_letters() == []
    assert installation.files() == []


@pytest.fixture
def small_disks(installation: Installation) -> Callable[[], tuple[str, ...]]:
    """Runs a command with a scratch folder of 24 MB and an artifact folder of 2 MB, each a file system of its own."""
    places = (installation.scratch, installation.folder / "artifacts")
    for place in places:
        place.mkdir(exist_ok=True)
    mounts = " && ".join(
        f"mount -t tmpfs -o size={size}m tmpfs '{place}'" for place, size in zip(places, (24, 2), strict=True)
    )
    prefix = ("unshare", "--user", "--map-root-user", "--mount", "sh", "-c", f'{mounts} && exec "$@"', "sh")
    if subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this system lets nobody make a small file system")
    return lambda: prefix


def test_a_full_disk_fails_the_report_for_now_and_leaves_nothing(
    installation: Installation, small_disks: Callable[[], tuple[str, ...]]
) -> None:
    generator = installation.start(prefix=small_disks())

    def wide(rows: int) -> GenerateReport:
        numbers = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < {rows})"
        return installation.command(f"{numbers} SELECT hex(randomblob(500)) AS noise FROM n", max_retries=0)

    too_much, too_large, small = wide(100_000), wide(4_000), installation.command()
    for command in (too_much, too_large, small):
        installation.order(command)
        installation.wait_for(lambda it=command: it.report_id in ends(installation), "the end of the report")  # type: ignore[misc]
    told = ends(installation)
    for command, stage, words in (
        (too_much, "query", "The disk of the generator is full, so the files cannot be made for now."),
        (too_large, "store", "The artifact storage did not answer as it should: "),
    ):
        failed = told[command.report_id]
        assert isinstance(failed, ReportFailed)
        assert (failed.error_class, failed.stage, failed.reason[: len(words)]) == ("transient", stage, words)
    generated = told[small.report_id]
    assert isinstance(generated, ReportGenerated)

    inside = Path(f"/proc/{generator.child.pid}/root")
    artifacts = inside / str(installation.folder / "artifacts").lstrip("/")
    left = [str(path.relative_to(artifacts)) for path in artifacts.rglob("*") if path.is_file()]
    assert left == [generated.artifacts[0].key]
    scratch = inside / str(installation.scratch).lstrip("/")
    assert [path.name for path in scratch.rglob("*") if path.is_file()] == ["lock"]
