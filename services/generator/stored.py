"""Brings a report's finished files to where they are kept, and copies of them to where else they are wanted."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

from libs.common.errors import PressroomError
from libs.common.messages import Artifact
from libs.common.storage import ArtifactStorage
from libs.common.zones import zone_of
from services.generator.drop import drop, facts_of
from services.generator.job import Job
from services.generator.progress import Reporter
from services.generator.render import Drawing


def store(job: Job, drawings: list[Drawing], reporter: Reporter) -> tuple[Artifact, ...]:
    """Store each file under a key of this attempt: a slower earlier attempt can never overwrite it.

    Either all are there or none: what was stored before a failure is taken away again, as far as the storage lets us.
    """
    storage = ArtifactStorage(job.artifacts_url)
    artifacts: list[Artifact] = []
    try:
        for number, drawing in enumerate(drawings):
            reporter.part(number, len(drawings))
            key = f"{job.prefix}/{drawing.path.name}"
            artifacts.append(_artifact(key, drawing))
            storage.take_file(key, drawing.path)
    except BaseException:
        take_away(job)
        raise
    return tuple(artifacts)


def take_away(job: Job) -> None:
    """Delete what an attempt without an end has stored; what the storage keeps back goes when the report expires."""
    with suppress(PressroomError):
        ArtifactStorage(job.artifacts_url).delete_under(job.prefix)


def throw_away(artifacts: tuple[Artifact, ...], artifacts_url: str) -> None:
    """Delete files that were stored and that no report will have, as far as the storage lets us."""
    with suppress(PressroomError):
        storage = ArtifactStorage(artifacts_url)
        for artifact in artifacts:
            storage.delete(artifact.key)


def drop_copies(job: Job, artifacts: tuple[Artifact, ...]) -> str:
    """Copy the stored files to where the template wants them; the place in words, empty if there is none."""
    place = job.drop
    if place is None:
        return ""
    storage, folder = ArtifactStorage(job.artifacts_url), job.folder / "drop"
    folder.mkdir(exist_ok=True)
    files = [(artifact, _fetched(artifact, folder / str(number), storage)) for number, artifact in enumerate(artifacts)]
    made_at = job.made_at.astimezone(zone_of(job.timezone))
    drop(files, place, facts_of(job.template.slug, job.report_id, made_at, job.day))
    return place.shown


def _fetched(artifact: Artifact, path: Path, storage: ArtifactStorage) -> Path:
    with path.open("wb") as file:
        for piece in storage.stream(artifact.key):
            file.write(piece)
    return path


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
