"""Makes one report's files: asks the source, draws each format, stores what was drawn. Runs in a child process."""

from __future__ import annotations

import errno
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Stage
from services.generator.ask import Asked, ask
from services.generator.burst.assignment import Listed
from services.generator.file_sizes import largest_allowed, tightened
from services.generator.honesty import banners, parts_of, shortfalls
from services.generator.job import Failed, Job, Produced, Skipped
from services.generator.judging import Case, Readings, Verdict, judge
from services.generator.pack import check_password, pack
from services.generator.parts import FailedPart
from services.generator.previews import NOTHING, Glimpse, glimpse_of
from services.generator.progress import Reporter
from services.generator.render import RENDERERS, Drawing, Report
from services.generator.render.report import shifted
from services.generator.shown_parameters import shown_parameters
from services.generator.stored import drop_copies, store
from services.generator.uploaded import fetched


def produce(job: Job) -> Produced | Skipped | Listed | Failed:
    """Do the job. Whatever goes wrong comes back in words, with the stage in which it happened."""
    try:
        reporter = Reporter(job.folder, job.soft_limit_seconds)
    except OSError as error:
        return _failed_file(error, "query", job)
    try:
        with tightened(job.template.limits.file_megabytes):
            return _produce(job, reporter)
    except PermanentFailure as failure:
        return Failed(stage=reporter.latest.stage, error_class="permanent", reason=str(failure))
    except TransientFailure as failure:
        return Failed(stage=reporter.latest.stage, error_class="transient", reason=str(failure))
    except MemoryError:
        reason = "The report needs more memory than a report may have; let it read less."
        return Failed(stage=reporter.latest.stage, error_class="permanent", reason=reason)
    except OSError as error:
        return _failed_file(error, reporter.latest.stage, job)
    except Exception as error:  # the last stop before the pipe: nothing may pass unexplained
        reason = f"Something unexpected happened: {type(error).__name__}: {error}"
        trace = "".join(traceback.format_exception(error))
        return Failed(stage=reporter.latest.stage, error_class="unknown", reason=reason, trace=trace)
    finally:
        reporter.close()


def _produce(job: Job, reporter: Reporter) -> Produced | Skipped | Listed:
    if job.assignment is not None:
        from services.generator.burst.listing import list_recipients  # few reports are bursts

        return list_recipients(job, job.assignment, reporter)
    if job.ready is not None:
        reporter.stage("store")
        return replace(job.ready, dropped_to=drop_copies(job, job.ready.artifacts))
    check_password(job.template.packing, job.formats)
    seconds: dict[Stage, float] = {}
    with _timed("query", seconds, reporter):
        asked = ask(job, reporter)
        verdict = _judge(job, asked)
    rows = sum(answer.rows for answer in asked.answers)
    if verdict.skipped:
        return Skipped(reason=verdict.skipped, rows=rows, after=verdict.after)
    with _timed("render", seconds, reporter):
        report = _report(job, asked, verdict)
        drawings = _packed(job, report, _draw(job, report, reporter))
        glimpse = _glimpse(job, report)
    with _timed("store", seconds, reporter):
        artifacts = store(job, drawings, reporter)
        dropped_to = "" if verdict.held else drop_copies(job, artifacts)
    return Produced(
        artifacts=artifacts,
        dropped_to=dropped_to,
        rows=rows,
        notes=_notes(report, drawings),
        query_seconds=seconds["query"],
        render_seconds=seconds["render"],
        store_seconds=seconds["store"],
        shortfalls=shortfalls(report.parts),
        held=verdict.held,
        after=verdict.after,
        if_released=verdict.if_released,
        glimpse=glimpse,
    )


@contextmanager
def _timed(stage: Stage, seconds: dict[Stage, float], reporter: Reporter) -> Iterator[None]:
    reporter.stage(stage)
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started


def _judge(job: Job, asked: Asked) -> Verdict:
    case = Case(
        template=job.template,
        conditions=job.conditions,
        before=job.precedent,
        now=job.made_at,
        due=job.scheduled_for or job.made_at,
        timezone=job.timezone,
    )
    return judge(case, Readings(asked.answers, asked.failed, job.template.queries[0].name))


def _report(job: Job, asked: Asked, verdict: Verdict) -> Report:
    parts = parts_of(job.template, asked, job.folder)
    return Report(
        slug=job.template.slug,
        named=job.template.filename,
        title=job.template.title,
        description=job.template.description,
        source=job.source_name,
        parameters=shown_parameters(job.parameters),
        made_at=job.made_at,
        day=job.day,
        answers=asked.answers,
        parts=parts,
        look=job.template.look,
        csv=job.template.csv,
        banners=banners(asked.answers, parts, verdict.failures),
        timezone=job.timezone,
        scheduled_for=job.scheduled_for,
        logo=fetched(job.template.look.logo_key, job.artifacts_url, job.folder),
        workbook=fetched(job.template.look.workbook_key, job.artifacts_url, job.folder),
        password="" if job.template.packing.pack == "zip" else job.password,  # once is enough
    )


def _draw(job: Job, report: Report, reporter: Reporter) -> list[Drawing]:
    folder = job.folder / "files"
    folder.mkdir()
    formats = tuple(dict.fromkeys(job.formats))
    total = report.rows * len(formats)

    def progress(done: int) -> None:
        reporter.part(done, total)

    drawings: list[Drawing] = []
    for number, format_ in enumerate(formats):
        drawings += RENDERERS[format_](report, folder, shifted(progress, number * report.rows))
    return drawings


def _glimpse(job: Job, report: Report) -> Glimpse:
    return NOTHING if job.preview_rows is None else glimpse_of(report.parts, report.look.locale, job.preview_rows)


def _packed(job: Job, report: Report, drawings: list[Drawing]) -> list[Drawing]:
    packing, archive = job.template.packing, job.folder / report.filename("zip")
    return pack(drawings, packing, job.password, archive, job.made_at)


def _notes(report: Report, drawings: list[Drawing]) -> tuple[str, ...]:
    """What the reader must know, each sentence once."""
    # A part without rows needs no words of its own: the banners tell of empty answers.
    parts = [note for part in report.parts if not isinstance(part, FailedPart) for note in part.notes]
    return tuple(dict.fromkeys((*report.banners, *parts, *(note for drawing in drawings for note in drawing.notes))))


def _failed_file(error: OSError, stage: Stage, job: Job) -> Failed:
    if error.errno == errno.EFBIG:
        most = largest_allowed(job.template.limits.file_megabytes)
        reason = f"A file of the report grew beyond the {most:,} MB that a file may have; let it read less."
        return Failed(stage=stage, error_class="permanent", reason=reason)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "The disk of the generator is full, so the files cannot be made for now."
        return Failed(stage=stage, error_class="transient", reason=reason)
    reason = f"The generator could not work with a temporary file: {error.strerror or error}."
    return Failed(stage=stage, error_class="transient", reason=reason, trace="".join(traceback.format_exception(error)))
