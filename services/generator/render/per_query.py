"""Formats that have a file for each query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from libs.common.messages import Format
from services.generator.answers import Answer, Column
from services.generator.render.report import Drawing, Progress, Report, distinct, plain_name, shifted

Write = Callable[[Answer, Path, Progress], tuple[str, ...]]
"""Writes one answer into a new file and gives the notes about it."""


def draw_per_query(
    report: Report, folder: Path, progress: Progress, kind: tuple[Format, str], write: Write
) -> list[Drawing]:
    """One file per answer; its part of the name is left out where there is only one. `kind`: format and media type."""
    format_, media_type = kind
    parts = distinct([plain_name(answer.name) for answer in report.answers], "query")
    if len(parts) == 1:
        parts = [""]
    drawings, done = [], 0
    for answer, part in zip(report.answers, parts, strict=True):
        path = folder / report.filename(format_, part)
        notes = write(answer, path, shifted(progress, done))
        drawings.append(Drawing(path, format_, media_type, answer.rows, notes))
        done += answer.rows
    return drawings


def field_names(columns: Sequence[Column]) -> tuple[list[str], tuple[str, ...]]:
    """A name of its own for each column, for formats that know values by it, and notes about those that changed."""
    names: list[str] = []
    notes: list[str] = []
    taken = {column.name for column in columns}
    for column in columns:
        name, count = column.name, 2
        while name in names or (name != column.name and name in taken):
            name, count = f"{column.name}_{count}", count + 1
        if name != column.name:
            notes.append(f"A further column '{column.name}' is called '{name}'.")
        names.append(name)
    return names, tuple(notes)
