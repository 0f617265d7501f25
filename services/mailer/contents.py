"""What a letter says: facts about the report, as a value. `drawings.py` draws them as text and as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from libs.common.messages import Artifact, DeliverReport, FileFormat
from libs.common.zones import zone_of
from services.mailer.headers import one_line, safe_filename, without_controls

FORMAT_NAMES: Mapping[FileFormat, str] = {
    "xlsx": "Excel",
    "csv": "CSV",
    "pdf": "PDF",
    "json": "JSON",
    "ndjson": "NDJSON",
    "parquet": "Parquet",
    "html": "HTML",
    "zip": "ZIP",
}

LATE = timedelta(minutes=10)
"""A letter that is written so long after its moment says so; a report may well take some minutes to make."""


class AttachedFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the reader sees it in the letter."""

    filename: str
    details: str


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the body of a letter says, in reading order."""

    title: str
    greeting: str
    paragraphs: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    files: tuple[AttachedFile, ...]
    notes: tuple[str, ...]
    origin: str


def contents_of(command: DeliverReport, written_at: datetime) -> Contents:
    """The contents of the letter for `command`, written at `written_at`. Its own words take the place of ours."""
    title = one_line(command.title)
    own_words = without_controls(command.body).strip()
    return Contents(
        title=title,
        greeting="" if own_words else _greeting(command.recipient.name),
        paragraphs=_paragraphs(own_words) if own_words else (f"Your report “{title}” is ready.",),
        facts=_facts(command),
        files=tuple(_file(artifact) for artifact in command.artifacts),
        notes=(*_lateness(command, written_at), *(one_line(note) for note in command.notes)),
        origin=_origin(command),
    )


def subject_of(command: DeliverReport) -> str:
    """The subject: the template's, or the title with the moment that the report stands for."""
    moment = _short_moment(_stands_for(command), command.timezone)
    return one_line(command.subject) or f"{one_line(command.title)}, {moment}"


def filename_of(artifact: Artifact) -> str:
    """The name under which the reader saves an artifact."""
    return safe_filename(artifact.filename, otherwise=f"report.{artifact.format}")


def _greeting(name: str) -> str:
    name = one_line(name)
    return f"Hello {name}," if name else "Hello,"


def _paragraphs(text: str) -> tuple[str, ...]:
    paragraphs = "\n".join(line.rstrip() for line in text.splitlines()).split("\n\n")
    return tuple(stripped for paragraph in paragraphs if (stripped := paragraph.strip("\n")))


def _facts(command: DeliverReport) -> tuple[tuple[str, str], ...]:
    facts = [("Report", one_line(command.title))]
    if command.scheduled_for is not None:
        facts.append(("For", _moment(command.scheduled_for, command.timezone)))
    facts.append(("Made", _moment(command.generated_at, command.timezone)))
    counts = {artifact.rows for artifact in command.artifacts}
    if len(counts) == 1:
        facts.append(("Rows", f"{counts.pop():,}"))
    return tuple(facts)


def _lateness(command: DeliverReport, written_at: datetime) -> tuple[str, ...]:
    """A sentence for the reader of a letter that comes much later than its report was due."""
    due = command.scheduled_for
    if due is None or written_at - due < LATE:
        return ()
    zone = zone_of(command.timezone)
    due, sent = due.astimezone(zone), written_at.astimezone(zone)
    if due.date() == sent.date():
        return (f"This report is late: due {due:%H:%M}, sent {sent:%H:%M}.",)
    return (f"This report is late: due {_moment(due, command.timezone)}, sent {_moment(sent, command.timezone)}.",)


def _file(artifact: Artifact) -> AttachedFile:
    rows = "1 row" if artifact.rows == 1 else f"{artifact.rows:,} rows"
    details = f"{FORMAT_NAMES[artifact.format]}, {rows}, {human_size(artifact.size_bytes)}"
    return AttachedFile(filename=filename_of(artifact), details=details)


def _origin(command: DeliverReport) -> str:
    cause = "on schedule" if command.schedule_id is not None else "because somebody asked for it"
    return (
        f"Pressroom made this report {cause}: it ran the report's queries and attached what they answered. "
        f"If something looks wrong, quote the report's number: {command.report_id}."
    )


def _stands_for(command: DeliverReport) -> datetime:
    return command.scheduled_for or command.generated_at


def _moment(instant: datetime, timezone: str) -> str:
    local = instant.astimezone(zone_of(timezone))
    return f"{local:%A}, {local.day} {local:%B %Y}, {local:%H:%M} {local.tzinfo}"


def _short_moment(instant: datetime, timezone: str) -> str:
    local = instant.astimezone(zone_of(timezone))
    return f"{local.day} {local:%b %Y}, {local:%H:%M} {local.tzinfo}"


def human_size(size_bytes: int) -> str:
    """A size that a person can judge: `812 bytes`, `8.3 KB`, `2.1 MB`."""
    if size_bytes < 1000:
        return "1 byte" if size_bytes == 1 else f"{size_bytes} bytes"
    if size_bytes < 999_950:
        return f"{size_bytes / 1000:.1f} KB"
    return f"{size_bytes / 1_000_000:.1f} MB"
