"""Lists who gets a report, and cuts what they share into their shares. Runs in a child process."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path

import msgspec

from libs.common.delivering import Burst
from libs.common.errors import PermanentFailure
from libs.common.messages import Query
from libs.common.storage import ArtifactStorage
from services.generator.answers import Answer, keep
from services.generator.burst.assignment import Assignment, Listed
from services.generator.burst.line import PIECE_LINES, Line, piece_key
from services.generator.burst.lines import Lines, Rules
from services.generator.burst.part_rows import share_key
from services.generator.burst.shares import Index, cut
from services.generator.job import Job
from services.generator.progress import Reporter
from services.generator.sources import Limits, note_session, open_source

MOST_LINES = 1_000_000
RECIPIENTS = "Recipients"
"""What the recipients query is called where a query has a name."""


def list_recipients(job: Job, assignment: Assignment, reporter: Reporter) -> Listed:
    """Ask who gets a report, and keep the list; PermanentFailure if the query gives what a burst cannot use."""
    started = time.perf_counter()
    with closing(Index(job.folder / "shares.sqlite", len(job.template.queries))) as index:
        recipients = _recipients(job, assignment.burst, reporter)
        if assignment.burst.share_out_by and recipients.rows:
            _share_out(job, assignment.burst.share_out_by, index, reporter)
        seconds = time.perf_counter() - started
        reporter.stage("store")
        return _kept(job, assignment, recipients, index, seconds)


def rules_of(job: Job, assignment: Assignment) -> Rules:
    """What the lines must keep to."""
    return Rules(
        burst=assignment.burst,
        parameters=job.parameters,
        destinations={one.name: one for one in assignment.destinations},
        allowed=assignment.allowed,
    )


def _recipients(job: Job, burst: Burst, reporter: Reporter) -> Answer:
    limits = Limits(MOST_LINES, job.limits.statement_timeout_seconds)
    query = Query(name=RECIPIENTS, sql=burst.sql)
    with open_source(job.source_name, job.source_url, limits) as source:
        note_session(job.folder, source)
        answer = keep(RECIPIENTS, source.rows(query, job.parameters), job.folder / "recipients", reporter.rows)
    if answer.cut is not None:
        raise PermanentFailure(f"The recipients query gives more than {MOST_LINES:,} rows; let it give fewer.")
    return answer


def _share_out(job: Job, column: str, index: Index, reporter: Reporter) -> None:
    """Each query is executed once; its shares go to the artifact storage, and its answer is thrown away."""
    storage = ArtifactStorage(job.artifacts_url)
    with open_source(job.source_name, job.source_url, job.limits) as source:
        note_session(job.folder, source)
        for number, query in enumerate(job.template.queries):
            with _emptied(job, f"query-{number}") as folder:
                answer = keep(query.name, source.rows(query, job.parameters), folder, reporter.rows)
                storage.take_file(share_key(job.prefix, number), cut(answer, column, number, index, folder))


@contextmanager
def _emptied(job: Job, name: str) -> Iterator[Path]:
    folder = job.folder / name
    folder.mkdir()
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _kept(job: Job, assignment: Assignment, recipients: Answer, index: Index, seconds: float) -> Listed:
    storage, reader = ArtifactStorage(job.artifacts_url), Lines(rules_of(job, assignment))
    counted = _Counted()
    lines = counted.through(reader.read(recipients.batches()), index, shared=bool(assignment.burst.share_out_by))
    number = 0
    while piece := list(islice(lines, PIECE_LINES)):
        storage.put(piece_key(job.prefix, number), msgspec.json.encode(piece))
        number += 1
    return Listed(
        prefix=job.prefix,
        lines=counted.lines,
        orderable=counted.orderable,
        duplicates=reader.duplicates,
        without_rows=counted.without_rows if assignment.burst.share_out_by else None,
        query_seconds=seconds,
    )


class _Counted:
    """Counts lines as they pass, and gives each its shares."""

    def __init__(self) -> None:
        self.lines = self.orderable = self.without_rows = 0

    def through(self, lines: Iterator[Line], index: Index, *, shared: bool) -> Iterator[Line]:
        for line in lines:
            self.lines += 1
            self.orderable += not line.refusal
            if line.refusal or not shared:
                yield line
                continue
            spans, has_rows = index.of(line.key)
            self.without_rows += not has_rows
            yield msgspec.structs.replace(line, shares=spans)
