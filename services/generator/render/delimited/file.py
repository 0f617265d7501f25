"""Writes answers as CSV files, batch by batch.

Values are exact and written as `columns.text` writes them. NULL is nothing (or the dialect's word for it), and an
empty text is `""`, so the two differ. A program that opens CSV takes text such as `=1+1` for a formula and runs it,
so text that begins with = @ tab or CR, or with + or - and is no number, gets an apostrophe in front. A note says how
often; numbers are never touched.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from libs.common.look import CsvDialect
from services.generator.answers import Answer
from services.generator.columns.kinds import RIGHT_ALIGNED, Kind
from services.generator.columns.text import as_text
from services.generator.render.bytes_of import bytes_of
from services.generator.render.delimited.encoding import Encoding
from services.generator.render.delimited.fields import always_quoted, guarded, quoted
from services.generator.render.per_query import draw_per_query
from services.generator.render.report import Drawing, Progress, Report

MEDIA_TYPE = "text/csv"


def draw_csv(report: Report, folder: Path, progress: Progress) -> list[Drawing]:
    """One CSV file per answer."""

    def write(answer: Answer, path: Path, heard: Progress) -> tuple[str, ...]:
        return _write(answer, path, report.csv, heard)

    return draw_per_query(report, folder, progress, ("csv", MEDIA_TYPE), write)


def _write(answer: Answer, path: Path, dialect: CsvDialect, progress: Progress) -> tuple[str, ...]:
    lines, encoding, rows = _Lines(dialect), Encoding(dialect), 0
    kinds = [column.kind for column in answer.columns]
    with path.open("wb", buffering=1 << 20) as file:
        file.write(encoding.mark)
        if dialect.header:
            file.write(encoding.encoded(lines.header([column.heading for column in answer.columns])))
        for batch in answer.batches():
            if batch.num_rows:
                file.write(encoding.encoded(lines.of(batch, kinds)))
            rows += batch.num_rows
            progress(rows)
    notes = (lines.note(path.name), encoding.note(path.name))
    return tuple(note for note in notes if note)


class _Lines:
    """Batches as lines of text; counts the texts that were guarded."""

    def __init__(self, dialect: CsvDialect) -> None:
        self._dialect = dialect
        self._guarded = 0

    def header(self, headings: list[str]) -> memoryview:
        """The names of the columns as a line."""
        fields = self._field(pa.array(headings, pa.string()), "text")
        return self._joined([fields.slice(index, 1) for index in range(len(fields))])

    def of(self, batch: pa.RecordBatch, kinds: list[Kind]) -> memoryview:
        """The rows as lines, each with its end."""
        return self._joined([self._field(array, kind) for array, kind in zip(batch.columns, kinds, strict=True)])

    def note(self, filename: str) -> str:
        """How many texts were guarded, for the reader; empty if none."""
        if not self._guarded:
            return ""
        one = self._guarded == 1
        texts = "1 text that looks" if one else f"{self._guarded:,} texts that look"
        return (
            f"{filename}: {texts} like a formula {'has' if one else 'have'} an apostrophe in front, so that no program "
            "runs it."
        )

    def _field(self, array: pa.Array, kind: Kind) -> pa.StringArray:
        dialect, text = self._dialect, as_text(array, kind)
        if kind in RIGHT_ALIGNED and dialect.decimal == ",":
            text = pc.replace_substring(text, ".", ",")
        if kind == "text" and dialect.guard:
            text, count = guarded(text)
            self._guarded += count
        if dialect.quoting == "all":
            return always_quoted(text)
        # Only text, and numbers with a comma, can hold what must be quoted.
        may_need = kind == "text" or (kind in RIGHT_ALIGNED and dialect.decimal == dialect.delimiter)
        return quoted(text, dialect.delimiter, dialect.null) if may_need else text

    def _joined(self, fields: list[pa.StringArray]) -> memoryview:
        null = self._dialect.null
        if not null and len(fields) == 1:
            null = '""'  # a line with nothing on it would be skipped by most readers
        lines = pc.binary_join_element_wise(
            *fields, self._dialect.delimiter, null_handling="replace", null_replacement=null
        )
        return bytes_of(pc.binary_join_element_wise(lines, "", "\r\n"))
