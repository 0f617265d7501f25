"""What a letter says: facts about the report, as a value. `as_text.py` and `as_html.py` are two drawings of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from libs.common.delivering import Figure, Preview
from libs.common.messages import DeliverReport, FileFormat, SendNotice
from libs.common.zones import zone_of
from services.mailer.headers import one_line, without_controls
from services.mailer.vocabulary import said
from services.mailer.words import Words, words_of
from services.mailer.words.english import ENGLISH

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

NOTICE_ORIGIN = "Pressroom writes this to those who answer for schedules; each schedule says of what."
TEST_MARK = "[Test] "
USUAL_ACCENT = "#1F4E79"

_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")

human_size = ENGLISH.size


class ShownFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as the reader sees it in the letter; `url` is where it can be downloaded, if it is not attached."""

    filename: str
    details: str
    url: str = ""


class ShownFigure(msgspec.Struct, frozen=True, kw_only=True):
    """A key figure as the reader sees it."""

    label: str
    value: str
    change: str = ""
    before: str = ""
    mood: Literal["good", "bad", ""] = ""


class ShownTable(msgspec.Struct, frozen=True, kw_only=True):
    """The first rows of a table; `caption` says of how many."""

    title: str
    caption: str
    labels: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


class Contents(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that the body of a letter says, in reading order."""

    words: Words
    title: str
    test: str = ""
    greeting: str = ""
    paragraphs: tuple[str, ...]
    notes: tuple[str, ...] = ()
    figures: tuple[ShownFigure, ...] = ()
    table: ShownTable | None = None
    facts: tuple[tuple[str, str], ...] = ()
    files_title: str = ""
    files: tuple[ShownFile, ...] = ()
    files_remarks: tuple[str, ...] = ()
    links: tuple[tuple[str, str], ...] = ()
    """Words and URLs."""
    origin: tuple[str, ...] = ()
    unsubscribe_url: str = ""
    accent: str = USUAL_ACCENT


class Enclosed(msgspec.Struct, frozen=True, kw_only=True):
    """What the letter says of its files: how they come, and why so."""

    title: str
    files: tuple[ShownFile, ...]
    remarks: tuple[str, ...] = ()


def contents_of(
    command: DeliverReport, enclosed: Enclosed, written_at: datetime, unsubscribe_url: str = ""
) -> Contents:
    """The contents of the letter for `command`, written at `written_at`. Its own words take the place of ours."""
    words, title = words_of(command.locale), one_line(command.title)
    own_words = without_controls(said(command.body, command, words)).strip()
    shows_data = command.manner.preview_rows > 0
    return Contents(
        words=words,
        title=title,
        test=words.test if command.manner.is_test else "",
        greeting="" if own_words else _greeting(command.recipient.name, words),
        paragraphs=_paragraphs(own_words) if own_words else (words.ready.format(title=title),),
        notes=(*_lateness(command, written_at, words), *(one_line(note) for note in command.notes)),
        figures=tuple(_figure(figure, words) for figure in command.figures) if shows_data else (),
        table=_table(command.preview, words) if command.preview is not None and shows_data else None,
        facts=_facts(command, words),
        files_title=enclosed.title if enclosed.files else "",
        files=enclosed.files,
        files_remarks=enclosed.remarks,
        origin=_origin(command, words, subscribed=bool(unsubscribe_url)),
        unsubscribe_url=unsubscribe_url,
        accent=command.accent if _COLOUR.fullmatch(command.accent) else USUAL_ACCENT,
    )


def contents_of_notice(notice: SendNotice) -> Contents:
    """The contents of a letter that tells what has happened."""
    return Contents(
        words=words_of(notice.recipient.locale),
        title=one_line(notice.subject),
        paragraphs=tuple(without_controls(paragraph).strip() for paragraph in notice.paragraphs),
        facts=tuple((one_line(label), one_line(value)) for label, value in notice.facts),
        links=tuple((one_line(label), one_line(url)) for label, url in notice.links),
        origin=(NOTICE_ORIGIN,),
    )


def subject_of(command: DeliverReport) -> str:
    """The subject: the template's, or the title with the moment that the report stands for."""
    words = words_of(command.locale)
    own = one_line(said(command.subject, command, words))
    usual = f"{one_line(command.title)}, {words.short_moment(_stands_for(command), command.timezone)}"
    return (TEST_MARK if command.manner.is_test else "") + (own or usual)


def counted_rows(rows: int, words: Words) -> str:
    """`1 row`, `1,204 rows`."""
    return words.counted(words.counted_rows, rows)


def _greeting(name: str, words: Words) -> str:
    name = one_line(name)
    return words.greeting.format(name=name) if name else words.greeting_without_name


def _paragraphs(text: str) -> tuple[str, ...]:
    paragraphs = "\n".join(line.rstrip() for line in text.splitlines()).split("\n\n")
    return tuple(stripped for paragraph in paragraphs if (stripped := paragraph.strip("\n")))


def _figure(figure: Figure, words: Words) -> ShownFigure:
    arrow = {"up": "▲ ", "down": "▼ ", "": ""}[figure.direction]
    return ShownFigure(
        label=without_controls(figure.label),
        value=without_controls(figure.value),
        change=arrow + without_controls(figure.change) if figure.change else "",
        before=words.before.format(value=without_controls(figure.previous)) if figure.previous else "",
        mood=figure.mood,
    )


def _table(preview: Preview, words: Words) -> ShownTable:
    shown, total = words.count(len(preview.rows)), words.count(preview.total_rows)
    all_rows = len(preview.rows) == preview.total_rows
    caption = [
        counted_rows(preview.total_rows, words) if all_rows else words.some_rows.format(shown=shown, total=total)
    ]
    if preview.more_columns:
        caption.append(words.counted(words.more_columns, preview.more_columns))
    return ShownTable(
        title=without_controls(preview.title),
        caption=", ".join(caption),
        labels=tuple(without_controls(column.label) for column in preview.columns),
        numeric=tuple(column.numeric for column in preview.columns),
        rows=tuple(tuple(map(without_controls, row)) for row in preview.rows),
    )


def _facts(command: DeliverReport, words: Words) -> tuple[tuple[str, str], ...]:
    facts = [(words.report, one_line(command.title))]
    if command.scheduled_for is not None:
        facts.append((words.due, words.moment(command.scheduled_for, command.timezone)))
    facts.append((words.made, words.moment(command.generated_at, command.timezone)))
    counts = {artifact.rows for artifact in command.artifacts}
    if len(counts) == 1:
        facts.append((words.rows, words.count(counts.pop())))
    return (*facts, *((one_line(name), one_line(value)) for name, value in command.parameters))


def _lateness(command: DeliverReport, written_at: datetime, words: Words) -> tuple[str, ...]:
    """A sentence for the reader of a letter that comes much later than its report was due."""
    due = command.scheduled_for
    if due is None or written_at - due < LATE:
        return ()
    zone = zone_of(command.timezone)
    due, sent = due.astimezone(zone), written_at.astimezone(zone)
    if due.date() == sent.date():
        return (words.late_today.format(due=f"{due:%H:%M}", sent=f"{sent:%H:%M}"),)
    moments = {"due": words.moment(due, command.timezone), "sent": words.moment(sent, command.timezone)}
    return (words.late.format(**moments),)


def _origin(command: DeliverReport, words: Words, *, subscribed: bool) -> tuple[str, ...]:
    cause = words.on_schedule if command.schedule_id is not None else words.on_demand
    number = words.number.format(number=command.report_id)
    return (f"{cause} {number}", words.subscribed) if subscribed else (f"{cause} {number}",)


def _stands_for(command: DeliverReport) -> datetime:
    return command.scheduled_for or command.generated_at
