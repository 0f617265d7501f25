"""What a place that is no mailbox gets: facts, as a value. Each channel draws them in its own way."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from libs.common.delivering import Figure, Preview
from libs.common.messages import Artifact, DeliverReport, FileFormat, SendNotice
from services.mailer.contents import contents_of_notice, human_size
from services.mailer.desk import Desk
from services.mailer.files import pieces_of
from services.mailer.headers import one_line, safe_filename, without_controls
from services.mailer.vocabulary import said
from services.mailer.words import words_of


class ParcelFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file in it. `pieces` reads it, in bounded memory, as often as it is called."""

    filename: str
    format: FileFormat | Literal["txt"]
    media_type: str
    rows: int | None
    size_bytes: int
    sha256: str
    url: str = ""
    """Where it can be downloaded; empty: nowhere."""
    pieces: Callable[[], Iterator[bytes]]

    @property
    def details(self) -> str:
        """For people: `16 rows, 8.3 KB`."""
        rows = "" if self.rows is None else "1 row, " if self.rows == 1 else f"{self.rows:,} rows, "
        return f"{rows}{human_size(self.size_bytes)}"


class Parcel(msgspec.Struct, frozen=True, kw_only=True):
    """A report, a notice or a test, for one place."""

    id: UUID
    """Of the delivery; the same at every attempt, so that the other side recognises a repetition."""
    kind: Literal["report", "notice", "test"]
    title: str
    paragraphs: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    """Labels and values, in reading order."""
    figures: tuple[Figure, ...] = ()
    preview: Preview | None = None
    notes: tuple[str, ...] = ()
    files: tuple[ParcelFile, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Words and URLs."""
    report_id: UUID | None = None
    report_type: str = ""
    schedule_id: UUID | None = None
    scheduled_for: datetime | None = None
    made_at: datetime
    expires_at: datetime | None = None
    """Until when the links to the files work."""
    timezone: str = "UTC"

    @property
    def size_bytes(self) -> int:
        """Of its files."""
        return sum(file.size_bytes for file in self.files)


def parcel_of(command: DeliverReport, desk: Desk, written_at: datetime) -> Parcel:
    """What the place of `command` gets; it is the same at every attempt, as `written_at` is."""
    words, shows_data = words_of(command.locale), command.manner.preview_rows > 0
    text = without_controls(said(command.body, command, words)).strip()
    return Parcel(
        id=command.delivery_id,
        kind="test" if command.manner.is_test else "report",
        title=one_line(said(command.subject, command, words)) or one_line(command.title),
        paragraphs=tuple(part.strip() for part in text.split("\n\n") if part.strip()),
        figures=command.figures if shows_data else (),
        preview=command.preview if shows_data else None,
        notes=tuple(one_line(note) for note in command.notes),
        files=tuple(_file(command, artifact, desk, written_at) for artifact in command.artifacts),
        report_id=command.report_id,
        report_type=command.report_type,
        schedule_id=command.schedule_id,
        scheduled_for=command.scheduled_for,
        made_at=command.generated_at,
        expires_at=desk.links_end_at(command, written_at) if desk.public_url else None,
        timezone=command.timezone,
    )


def parcel_of_notice(notice: SendNotice) -> Parcel:
    """What a place gets that is told what has happened; where there are only files it is one."""
    kind, told = notice.destination.kind if notice.destination is not None else "", contents_of_notice(notice)
    parcel = Parcel(
        id=notice.notice_id,
        kind="notice",
        title=told.title,
        paragraphs=told.paragraphs,
        facts=told.facts,
        links=told.links,
        schedule_id=notice.schedule_id,
        made_at=notice.requested_at,
    )
    return msgspec.structs.replace(parcel, files=(_as_file(parcel),)) if kind in ("folder", "sftp") else parcel


def held_back(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The pieces, each once the next one is there: what raises at the end does so before the last one.

    Who has not got the last piece has not got the file, so nobody ever takes a wrong one for a right one.
    """
    held = b""
    for piece in pieces:
        if held:
            yield held
        held = piece
    if held:
        yield held


def _as_file(parcel: Parcel) -> ParcelFile:
    facts = "\n".join(f"{label}: {value}" for label, value in (*parcel.facts, *parcel.links))
    content = "\n\n".join((parcel.title, *parcel.paragraphs, facts)).encode() + b"\n"
    return ParcelFile(
        filename=f"notice-{parcel.id}.txt",
        format="txt",
        media_type="text/plain",
        rows=None,
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        pieces=lambda: iter((content,)),
    )


async def in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """The pieces, each of which is read in a thread: the storage may be slow, and others have letters to send."""
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


def _file(command: DeliverReport, artifact: Artifact, desk: Desk, written_at: datetime) -> ParcelFile:
    url = desk.file_url(command, artifact, desk.links_end_at(command, written_at)) if desk.public_url else ""
    return ParcelFile(
        filename=safe_filename(artifact.filename, otherwise=f"report.{artifact.format}"),
        format=artifact.format,
        media_type=artifact.media_type,
        rows=artifact.rows,
        size_bytes=artifact.size_bytes,
        sha256=artifact.sha256,
        url=url,
        pieces=lambda: held_back(pieces_of(desk.storage, artifact)),
    )
