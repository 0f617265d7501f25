"""The table in a finished file, and the one that the database gives for the same SQL."""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from itertools import chain, repeat, zip_longest
from pathlib import Path
from typing import Any

import msgspec
from openpyxl import load_workbook

Row = Sequence[object]


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """Headings and rows; a cell is a number, text, or None for nothing."""

    headings: Row
    rows: Sequence[Row]

    @property
    def cells(self) -> int:
        """How many values it has."""
        return len(self.headings) * len(self.rows)


def from_database(database: Path, sql: str, values: Mapping[str, Any]) -> Table:
    """What SQLite itself answers, with nothing of Pressroom in between."""
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(sql, values)
        return Table(headings=[column[0] for column in cursor.description], rows=cursor.fetchall())


def from_xlsx(content: bytes) -> Table:
    """The first sheet of a workbook."""
    workbook = load_workbook(io.BytesIO(content), read_only=True)
    with closing(workbook):
        headings, *rows = workbook.worksheets[0].iter_rows(values_only=True)
    # A row may end at its last cell that is not empty.
    return Table(headings=headings, rows=[(*row, *[None] * (len(headings) - len(row))) for row in rows])


def from_csv(content: bytes, like: Table) -> Table:
    """A CSV file, which knows only text: where `like` has a number or nothing, the text is read as such."""
    headings, *lines = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    models: Iterator[Row] = chain(like.rows, repeat(()))
    rows = [[_as(text, value) for text, value in zip_longest(line, next(models))] for line in lines]
    return Table(headings=headings, rows=rows)


def difference(found: Table, expected: Table) -> str | None:
    """The first difference in words, or None if every cell is the same."""
    if list(found.headings) != list(expected.headings):
        return f"the headings are {list(found.headings)} instead of {list(expected.headings)}"
    if len(found.rows) != len(expected.rows):
        return f"it has {len(found.rows):,} rows instead of {len(expected.rows):,}"
    for number, (row, right) in enumerate(zip(found.rows, expected.rows, strict=True), 1):
        if list(row) != list(right):
            column = next(index for index, (one, other) in enumerate(zip_longest(row, right)) if one != other)
            heading = expected.headings[min(column, len(expected.headings) - 1)]
            return f"row {number:,} differs from '{heading}' on: {row[column:]} instead of {right[column:]}"
    return None


def _as(text: str | None, model: object) -> object:
    if text is None or (text == "" and model is None):
        return None
    if isinstance(model, int | float):
        try:
            return float(text)
        except ValueError:
            return text
    return text
