"""Makes one report's files: asks the source, draws each format, stores what was drawn. Runs in a child process."""

from __future__ import annotations

import errno
import hashlib
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.messages import Artifact, Parameter, Stage
from libs.common.storage import ArtifactStorage
from services.generator.answers import Answer, keep
from services.generator.job import Failed, Job, Produced
from services.generator.parts import resolve
from services.generator.progress import Reporter
from services.generator.render import RENDERERS, Drawing, Report
from services.generator.render.report import shifted
from services.generator.sources import open_source


def produce(job: Job) -> Produced | Failed:
    """Do the job. Whatever goes wrong comes back in words, with the stage in which it happened."""
    reporter = Reporter(job.folder, job.soft_limit_seconds)
    try:
        return _produce(job, reporter)
    except PermanentFailure as failure:
        return Failed(stage=reporter.latest.stage, error_class="permanent", reason=str(failure))
    except TransientFailure as failure:
        return Failed(stage=reporter.latest.stage, error_class="transient", reason=str(failure))
    except MemoryError:
        reason = "The report needs more memory than a report may have; let it read less."
        return Failed(stage=reporter.latest.stage, error_class="permanent", reason=reason)
    except OSError as error:
        return _failed_file(error, reporter.latest.stage)
    except Exception as error:  # the last stop before the pipe: nothing may pass unexplained
        reason = f"Something unexpected happened: {type(error).__name__}: {error}"
        trace = "".join(traceback.format_exception(error))
        return Failed(stage=reporter.latest.stage, error_class="unknown", reason=reason, trace=trace)


def _produce(job: Job, reporter: Reporter) -> Produced:
    seconds: dict[Stage, float] = {}
    with _timed("query", seconds, reporter):
        answers = _ask(job, reporter)
    with _timed("render", seconds, reporter):
        drawings = _draw(job, answers, reporter)
    with _timed("store", seconds, reporter):
        artifacts = _store(job, drawings, reporter)
    return Produced(
        artifacts=artifacts,
        rows=sum(answer.rows for answer in answers),
        notes=_notes(answers, drawings),
        query_seconds=seconds["query"],
        render_seconds=seconds["render"],
        store_seconds=seconds["store"],
    )


@contextmanager
def _timed(stage: Stage, seconds: dict[Stage, float], reporter: Reporter) -> Iterator[None]:
    reporter.stage(stage)
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started


def _ask(job: Job, reporter: Reporter) -> tuple[Answer, ...]:
    """Run each query once; its answer stays on disk for every format."""
    if not job.template.queries:
        raise PermanentFailure("The template has no query, so there is nothing to report.")
    answers: list[Answer] = []
    with open_source(job.source_name, job.source_url, job.limits) as source:
        for number, query in enumerate(job.template.queries):
            folder = job.folder / f"query-{number}"
            folder.mkdir()
            before = sum(answer.rows for answer in answers)
            rows = source.rows(query, job.parameters)
            answers.append(keep(query.name, rows, folder, shifted(reporter.rows, before)))
    return tuple(answers)


def _draw(job: Job, answers: tuple[Answer, ...], reporter: Reporter) -> list[Drawing]:
    report = Report(
        slug=job.template.slug,
        title=job.template.title,
        description=job.template.description,
        source=job.source_name,
        parameters=tuple((parameter.name, _shown(parameter)) for parameter in job.parameters),
        made_at=job.made_at,
        day=job.day,
        answers=answers,
        parts=resolve(job.template.widgets, answers, job.folder),
        look=job.template.look,
        csv=job.template.csv,
    )
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


def _store(job: Job, drawings: list[Drawing], reporter: Reporter) -> tuple[Artifact, ...]:
    """Store each file under a key of this attempt: a slower earlier attempt can never overwrite it."""
    storage = ArtifactStorage(job.artifacts_url)
    prefix = f"reports/{job.made_at:%Y/%m/%d}/{job.report_id}/{job.attempt}"
    artifacts = []
    for number, drawing in enumerate(drawings):
        reporter.part(number, len(drawings))
        key = f"{prefix}/{drawing.path.name}"
        storage.put_file(key, drawing.path)
        artifacts.append(_artifact(key, drawing))
    return tuple(artifacts)


def _artifact(key: str, drawing: Drawing) -> Artifact:
    return Artifact(
        key=key,
        filename=drawing.path.name,
        format=drawing.format,
        media_type=drawing.media_type,
        size_bytes=drawing.path.stat().st_size,
        rows=drawing.rows,
        sha256=_sha256(drawing.path),
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _notes(answers: tuple[Answer, ...], drawings: list[Drawing]) -> tuple[str, ...]:
    """What the reader must know, each sentence once."""
    cuts = [answer.cut.sentence(answer.name) for answer in answers if answer.cut is not None]
    return tuple(dict.fromkeys((*cuts, *(note for drawing in drawings for note in drawing.notes))))


def _shown(parameter: Parameter) -> str:
    if parameter.value is None:
        return "–"
    return str(parameter.value).lower() if isinstance(parameter.value, bool) else str(parameter.value)


def _failed_file(error: OSError, stage: Stage) -> Failed:
    if error.errno == errno.EFBIG:
        reason = "A file of the report grew larger than a file may be; let it read less."
        return Failed(stage=stage, error_class="permanent", reason=reason)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "The disk of the generator is full, so the files cannot be made for now."
        return Failed(stage=stage, error_class="transient", reason=reason)
    reason = f"The generator could not work with a temporary file: {error.strerror or error}."
    return Failed(stage=stage, error_class="transient", reason=reason, trace="".join(traceback.format_exception(error)))
