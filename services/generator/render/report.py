"""What every format is a drawing of, and what comes of drawing it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from libs.common.look import CsvDialect, Look
from libs.common.messages import FileFormat
from services.generator.answers import Answer
from services.generator.parts import Part

Progress = Callable[[int], None]
"""Hears how many rows are drawn so far."""


def shifted(progress: Progress, before: int) -> Progress:
    """`progress` for a part that begins after `before` rows of the whole."""
    return lambda rows: progress(before + rows)


_NOT_IN_NAMES = re.compile(r"^\.|[^\w .,()+-]")
"""What a name might break out of its folder with, or no file system likes."""


@dataclass(frozen=True)
class Report:
    """A report's content: the facts, without ink. `day` names the files; `parameters` are names and shown values.

    `answers` are what was read (data formats write them as they are), `parts` what people see of them. `banners` are
    sentences that must be seen before the data: a failed check, rows that a limit cut.
    """

    slug: str
    title: str
    description: str
    source: str
    parameters: tuple[tuple[str, str], ...]
    made_at: datetime
    day: date
    answers: tuple[Answer, ...]
    parts: tuple[Part, ...]
    look: Look = Look()
    csv: CsvDialect = CsvDialect()
    banners: tuple[str, ...] = ()
    timezone: str = "UTC"
    scheduled_for: datetime | None = None
    logo: Path | None = None
    """The logo's file, already at hand."""
    workbook: Path | None = None
    """The branded workbook to fill, already at hand."""
    password: str = ""
    """Protects the files that can be: xlsx and pdf."""
    named: str = ""
    """What the files are to be called instead of slug and day."""

    @property
    def rows(self) -> int:
        """The rows of all answers."""
        return sum(answer.rows for answer in self.answers)

    def filename(self, extension: str, part: str = "") -> str:
        """The name of a file of this report; `part` tells several of one format apart."""
        if self.named:
            return "-".join(filter(None, (_NOT_IN_NAMES.sub("-", self.named), part))) + f".{extension}"
        return "-".join(filter(None, (self.slug, part, self.day.isoformat()))) + f".{extension}"


@dataclass(frozen=True)
class Drawing:
    """A finished file, and what its reader must know about it."""

    path: Path
    format: FileFormat
    media_type: str
    rows: int
    notes: tuple[str, ...] = ()


Renderer = Callable[[Report, Path, Progress], list[Drawing]]
"""Draws a report into new files under a folder."""


def plain_name(text: str) -> str:
    """`text` as a part of a file name that every system and mail program takes: `Worst routes` → `worst-routes`."""
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_only.lower()).strip("-")[:60].strip("-")


def distinct(names: list[str], fallback: str) -> list[str]:
    """The names, each made different from those before it; an empty one becomes `fallback` with its number."""
    taken: set[str] = set()
    for number, name in enumerate(names, 1):
        wanted, count = name or f"{fallback}-{number}", 2
        candidate = wanted
        while candidate in taken:
            candidate, count = f"{wanted}-{count}", count + 1
        taken.add(candidate)
        names[number - 1] = candidate
    return names
