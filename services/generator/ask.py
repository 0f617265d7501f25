"""Runs each query of a template once; the answers stay on disk for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from libs.common.delivering import Part
from libs.common.errors import PermanentFailure
from libs.common.messages import Query
from services.generator.answers import Answer, keep
from services.generator.burst.part_rows import PartRows
from services.generator.job import Job
from services.generator.progress import OutOfTime, Reporter
from services.generator.render.report import shifted
from services.generator.sources import Source, note_session, open_source


@dataclass(frozen=True)
class Asked:
    """What the source answered; `failed` has the reason of each query that can never be answered."""

    answers: tuple[Answer, ...]
    failed: Mapping[str, str]


def ask(job: Job, reporter: Reporter) -> Asked:
    """Ask the source. Of several queries one may fail for good: the others go on, unless all do.

    A failure that trying again can mend is raised: the next attempt may have them all.
    """
    queries = list(enumerate(job.template.queries))
    if not queries:
        raise PermanentFailure("The template has no query, so there is nothing to report.")
    if job.part is not None:
        return _shared(job, job.part, reporter)
    round_ = _Round(job, reporter)
    while queries:
        # After a failure the transaction may be of no use any more: the rest is asked in a new one.
        with open_source(job.source_name, job.source_url, job.limits) as source:
            note_session(job.folder, source)
            while queries and round_.goes_on(source, *queries.pop(0)):
                pass
    if not round_.answers:
        raise PermanentFailure(" ".join(round_.failed.values()))
    return Asked(tuple(round_.answers), round_.failed)


def _shared(job: Job, part: Part, reporter: Reporter) -> Asked:
    """What is kept for this report of answers that the source gave for all of a burst."""
    answers: list[Answer] = []
    for number, query in enumerate(job.template.queries):
        rows = PartRows(part, number, job.artifacts_url, job.folder)
        before = sum(answer.rows for answer in answers)
        answers.append(keep(query.name, rows, job.folder / f"query-{number}", shifted(reporter.rows, before)))
    return Asked(tuple(answers), {})


class _Round:
    def __init__(self, job: Job, reporter: Reporter) -> None:
        self.answers: list[Answer] = []
        self.failed: dict[str, str] = {}
        self._job = job
        self._reporter = reporter

    def goes_on(self, source: Source, number: int, query: Query) -> bool:
        """Read the query's answer; False if there will be none."""
        folder = self._job.folder / f"query-{number}"
        before = sum(answer.rows for answer in self.answers)
        try:
            rows = source.rows(query, self._job.parameters)
            self.answers.append(keep(query.name, rows, folder, shifted(self._reporter.rows, before)))
        except OutOfTime:
            raise
        except PermanentFailure as failure:
            if len(self._job.template.queries) == 1:
                raise
            self.failed[query.name] = str(failure)
            return False
        return True
