"""CSV: RFC 4180 with a header line, in UTF-8 with the mark that Excel needs to see it; one file per query.

Values are exact and written as `columns.text` writes them; NULL is empty and an empty text is `""`. A program
that opens CSV takes text such as `=1+1` for a formula and runs it, so text that begins with = @ tab or CR, or with
+ or - and is no number, gets an apostrophe in front. A note says how often; numbers are never touched.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Answer
from services.generator.columns.kinds import Kind
from services.generator.columns.text import as_text
from services.generator.render.report import Drawing, Progress, Report, distinct, plain_name, shifted

MEDIA_TYPE = "text/csv"

_MARK = b"\xef\xbb\xbf"
_NEEDS_QUOTES = r"[\",\r\n]|^\s|\s$|^$"
_FORMULA = r"(?s)^[=@\t\r]|^[+-][^0-9.]|^[+-][0-9.].*[^0-9.,\s%]"


def draw_csv(report: Report, folder: Path, progress: Progress) -> list[Drawing]:
    """One CSV file per answer; its part of the name is left out where there is only one."""
    parts = distinct([plain_name(answer.name) for answer in report.answers], "query")
    if len(parts) == 1:
        parts = [""]
    drawings, done = [], 0
    for answer, part in zip(report.answers, parts, strict=True):
        path = folder / report.filename("csv", part)
        notes = _write(answer, path, shifted(progress, done))
        drawings.append(Drawing(path, "csv", MEDIA_TYPE, answer.rows, notes))
        done += answer.rows
    return drawings


def _write(answer: Answer, path: Path, progress: Progress) -> tuple[str, ...]:
    rows, guarded = 0, 0
    with path.open("wb") as file:
        file.write(_MARK)
        headings = pa.array([column.heading for column in answer.columns], pa.string())
        file.write(",".join(_quoted(_guarded(headings)[0]).to_pylist()).encode() + b"\r\n")
        for batch in answer.batches():
            lines, count = _lines(batch, [column.kind for column in answer.columns])
            file.write(lines)
            rows, guarded = rows + batch.num_rows, guarded + count
            progress(rows)
    return (_guard_note(path.name, guarded),) if guarded else ()


def _lines(batch: pa.RecordBatch, kinds: list[Kind]) -> tuple[pa.Buffer | bytes, int]:
    """The batch as CSV lines, and the number of texts that were guarded."""
    if batch.num_rows == 0:
        return b"", 0
    fields, guarded = [], 0
    for array, kind in zip(batch.columns, kinds, strict=True):
        text = as_text(array, kind)
        if kind == "text":
            text, count = _guarded(text)
            text, guarded = _quoted(text), guarded + count
        fields.append(text)
    # A line with nothing on it would be skipped by most readers, so the NULL of an only column is quoted.
    null = "" if len(fields) > 1 else '""'
    lines = pc.binary_join_element_wise(*fields, ",", null_handling="replace", null_replacement=null)
    return _joined(pc.binary_join_element_wise(lines, "", "\r\n")), guarded


def _joined(lines: pa.StringArray) -> pa.Buffer:
    """All the lines as one run of bytes: Arrow keeps the texts of an array end to end, so nothing is copied."""
    _, offsets, data = lines.buffers()
    first, last = (memoryview(offsets).cast("i")[lines.offset + index] for index in (0, len(lines)))
    return data.slice(first, last - first)


def _guarded(text: pa.StringArray) -> tuple[pa.StringArray, int]:
    risky = pc.match_substring_regex(text, _FORMULA)
    count = pc.sum(risky).as_py() or 0
    return (pc.if_else(risky, pc.binary_join_element_wise("'", text, ""), text) if count else text), count


def _quoted(text: pa.StringArray) -> pa.StringArray:
    needy = pc.match_substring_regex(text, _NEEDS_QUOTES)
    if not pc.any(needy).as_py():
        return text
    doubled = pc.replace_substring(text, '"', '""')
    return pc.if_else(needy, pc.binary_join_element_wise('"', doubled, '"', ""), text)


def _guard_note(filename: str, count: int) -> str:
    texts = "1 text that looks" if count == 1 else f"{count:,} texts that look"
    verb = "has" if count == 1 else "have"
    return f"{filename}: {texts} like a formula {verb} an apostrophe in front, so that no program runs it."
