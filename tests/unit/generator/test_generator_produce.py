from __future__ import annotations

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.messages import Parameter, Query, Template
from services.generator.job import Failed, Job, Produced
from services.generator.produce import produce
from services.generator.progress import Reporter, read_progress, spoken_seconds
from services.generator.scratch import Scratch
from services.generator.sources import Limits


@pytest.fixture
def job(tmp_path: Path) -> Job:
    path = tmp_path / "shop.sqlite"
    sqlite3.connect(path).close()
    path.write_bytes(b"")
    folder = tmp_path / "room"
    folder.mkdir()
    return Job(
        report_id=UUID(int=7),
        attempt=3,
        template=Template(
            template_id=UUID(int=1),
            slug="sales",
            title="Sales",
            queries=(Query(name="One", sql="SELECT 1 AS n UNION SELECT 2"), Query(name="Two", sql="SELECT :x AS x")),
        ),
        parameters=(Parameter(name="x", type="text", value="y"),),
        formats=("csv", "pdf"),
        source_name="shop",
        source_url=f"sqlite:///{path}",
        limits=Limits(max_rows=100, statement_timeout_seconds=10),
        made_at=datetime(2026, 11, 23, tzinfo=UTC),
        day=date(2026, 11, 22),
        folder=folder,
        artifacts_url=str(tmp_path / "artifacts"),
        soft_limit_seconds=60,
    )


def changed(job: Job, **changes: Any) -> Job:
    return Job(**{**vars(job), **changes})


def test_one_execution_of_each_query_feeds_every_format(job: Job, tmp_path: Path) -> None:
    produced = produce(job)
    assert isinstance(produced, Produced)
    names = ["sales-one-2026-11-22.csv", "sales-two-2026-11-22.csv", "sales-2026-11-22.pdf"]
    assert [artifact.filename for artifact in produced.artifacts] == names
    assert [artifact.rows for artifact in produced.artifacts] == [2, 1, 3]
    assert produced.rows == 3
    stored = tmp_path / "artifacts" / "reports/2026/11/23" / str(job.report_id) / "3"
    assert sorted(path.name for path in stored.iterdir()) == sorted(names)


def test_the_last_progress_is_the_last_stage(job: Job) -> None:
    produce(job)
    progress = read_progress(job.folder)
    assert progress is not None
    assert (progress.stage, progress.rows) == ("store", 3)


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_beyond_the_limit_is_a_permanent_failure(job: Job) -> None:
    wide = Template(
        template_id=UUID(int=1), slug="s", title="S", queries=(Query(name="Q", sql="SELECT hex(randomblob(1000000))"),)
    )
    with largest_file(500_000):
        failed = produce(changed(job, template=wide))
    assert isinstance(failed, Failed)
    assert (failed.error_class, failed.stage) == ("permanent", "query")
    assert "that a file may have" in failed.reason


def test_a_template_without_queries_is_a_permanent_failure(job: Job) -> None:
    empty = Template(template_id=UUID(int=1), slug="s", title="S", queries=())
    failed = produce(changed(job, template=empty))
    assert failed == Failed(
        stage="query", error_class="permanent", reason="The template has no query, so there is nothing to report."
    )


def test_what_nobody_expected_keeps_its_trace_for_the_log(job: Job, monkeypatch: pytest.MonkeyPatch) -> None:
    def surprise(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr("services.generator.produce._draw", surprise)
    failed = produce(job)
    assert isinstance(failed, Failed)
    assert (failed.stage, failed.error_class) == ("render", "unknown")
    assert "ZeroDivisionError: oh" in failed.reason
    assert "in surprise" in failed.trace


def test_work_that_is_past_the_soft_limit_ends_at_its_next_step(tmp_path: Path) -> None:
    now = [0.0]
    reporter = Reporter(tmp_path, soft_limit_seconds=1500, clock=lambda: now[0])
    now[0] = 1500.0
    reporter.rows(10)
    now[0] = 1500.1
    with pytest.raises(PermanentFailure, match="took longer than 25 minutes and was stopped after 20 rows"):
        reporter.rows(20)


def test_progress_is_written_a_few_times_a_second(tmp_path: Path) -> None:
    now = [0.0]
    reporter = Reporter(tmp_path, soft_limit_seconds=1500, clock=lambda: now[0])
    seen = set()
    for step in range(1000):
        now[0] = step / 1000
        reporter.rows(step)
        progress = read_progress(tmp_path)
        assert progress is not None
        seen.add(progress.rows)
    assert 4 <= len(seen) <= 6


def test_a_line_that_is_just_being_written_is_looked_at_again_later(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path, soft_limit_seconds=1500)
    reporter.stage("render")
    whole = (tmp_path / "progress.json").read_bytes()
    for length in range(len(whole.rstrip())):
        (tmp_path / "progress.json").write_bytes(whole[:length])
        assert read_progress(tmp_path) is None
    (tmp_path / "progress.json").write_bytes(whole)
    reporter.stage("store")
    assert read_progress(tmp_path) == reporter.latest
    reporter.close()


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second"), (1.5, "1.5 seconds"), (90, "90 seconds"), (1740, "29 minutes")]
)
def test_lengths_of_time_are_spoken(seconds: float, words: str) -> None:
    assert spoken_seconds(seconds) == words


def test_a_room_is_gone_after_its_attempt(tmp_path: Path) -> None:
    scratch = Scratch(str(tmp_path))
    with suppress(RuntimeError), scratch.room("report") as folder:
        (folder / "file").write_text("x")
        raise RuntimeError
    assert not folder.exists()
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_left_is_removed_and_what_a_living_one_uses_is_not(tmp_path: Path) -> None:
    living = Scratch(str(tmp_path))
    dead = Scratch(str(tmp_path))
    (dead.folder / "left").write_text("x")
    dead._lock.close()  # as the system does when a process ends
    new = Scratch(str(tmp_path))
    assert sorted(tmp_path.iterdir()) == sorted([living.folder, new.folder])


def test_a_scratch_folder_that_cannot_be_used_is_named_by_its_setting(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(SettingsError, match="PRESSROOM_GENERATOR_SCRATCH_FOLDER"):
        Scratch(str(tmp_path / "file"))
