"""Draws one row of many columns in every format, and reads each value back with a reader that is not ours.

What is read is spelt as in `docs/types.md`: a word for the kind of cell where the format has kinds, and the value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pyarrow.parquet as pq
from openpyxl.cell.cell import Cell
from openpyxl.utils.escape import unescape
from pypdf import PdfReader

from services.generator.answers import Answer
from services.generator.parts import TablePart, resolve
from services.generator.render import RENDERERS, Report

Values = dict[str, list[str]]
"""By format: one for each column, as spelt in the table."""


def read_back(answer: Answer, folder: Path) -> tuple[Values, tuple[str, ...]]:
    """What each format holds of the only row of `answer`, and the notes of all."""
    report = _report(answer, folder)
    (whole,) = report.parts
    assert isinstance(whole, TablePart)
    alone = replace(report, parts=tuple(_alone(whole, index) for index in range(len(answer.columns))))
    found, notes = {}, []
    for name, read in _READERS.items():
        (drawing,) = RENDERERS[name](alone if name in ("pdf", "html") else report, folder, lambda rows: None)  # type: ignore[index]
        found[name] = read(drawing.path, len(answer.columns))
        notes += drawing.notes
    return found, tuple(notes)


def spelt(text: str) -> str:
    """A text in code, on one line: control characters as escapes, a long run of one letter as `⟨x×40000⟩`."""
    if text == "":
        return "empty text"
    text = re.sub(r"(.)\1{99,}", lambda run: f"⟨{run.group(1)}×{len(run.group())}⟩", text)
    return "`" + "".join(one if one.isprintable() or one in _JOINERS else ascii(one)[1:-1] for one in text) + "`"


_JOINERS = "\u200d\u00a0"


def _report(answer: Answer, folder: Path) -> Report:
    return Report(
        slug="types",
        title="Types",
        description="",
        source="types",
        parameters=(),
        made_at=datetime(2026, 11, 23, 8, 0, tzinfo=UTC),
        day=date(2026, 11, 23),
        answers=(answer,),
        parts=resolve((), (answer,), folder),
    )


def _alone(whole: TablePart, index: int) -> TablePart:
    """A table of one column, so that a page has room for its value."""
    return replace(whole, title=f"Case {index}.", columns=(replace(whole.columns[index], label=f"Value {index}"),))


# Readers -----------------------------------------------------------------------------------------------------------


def _xlsx(path: Path, count: int) -> list[str]:
    book = openpyxl.load_workbook(path)
    for number, sheet in enumerate(book.worksheets, 1):
        for first in sheet["A"]:
            if first.value == "c0":
                cells = next(sheet.iter_rows(first.row + 1, first.row + 1, 1, count))
                raw = _raw_numbers(path, number)
                return [_cell(cell, raw.get(cell.coordinate, "")) for cell in cells]
    raise AssertionError("no sheet has the headings")


def _raw_numbers(path: Path, sheet: int) -> dict[str, str]:
    """The numbers as they stand in the file: openpyxl rounds moments to milliseconds."""
    with ZipFile(path) as archive:
        xml = archive.read(f"xl/worksheets/sheet{sheet}.xml").decode()
    return dict(re.findall(r'<c r="([A-Z]+\d+)"[^>]*><v>([^<]+)</v>', xml))


def _cell(cell: Cell, raw: str) -> str:
    value = cell.value
    if value is None or cell.data_type == "f":
        return "empty" if value is None else f"a formula `{value}`"
    if isinstance(value, bool):
        return f"boolean `{str(value).upper()}`"
    if isinstance(value, datetime | time):
        return _moment(float(raw), cell.number_format)
    if isinstance(value, int | float):
        return f"number `{float(value) if abs(value) >= 10**15 else value!r}`"
    return f"text {spelt(unescape(str(value)))}"


def _moment(days: float, number_format: str) -> str:
    """What Excel's number of days since the end of 1899 means."""
    at = datetime(1899, 12, 30) + timedelta(microseconds=round(days * 86_400_000_000))  # noqa: DTZ001
    if "h" not in number_format:
        return f"date `{at:%Y-%m-%d}`"
    return f"time `{at.time()}`" if "y" not in number_format else f"date `{at}`"


def _csv(path: Path, _count: int) -> list[str]:
    raw = path.read_bytes().decode()
    line = raw[raw.index("\r\n") + 2 :].removesuffix("\r\n")
    fields = [match.group(1) for match in re.finditer(r'("(?:[^"]|"")*"|[^,]*)(?:,|\Z)', line)]
    return ["nothing" if field == "" else spelt(field) for field in fields]


def _pdf(path: Path, count: int) -> list[str]:
    text = _MARGINS.sub("", "\n".join(page.extract_text() for page in PdfReader(path).pages) + "\n")
    starts = [text.index(f"Case {index}.") for index in range(count)]
    sections = [text[start:end] for start, end in pairwise([*starts, len(text)])]
    return [_drawn(section.partition(f"Value {index}\n")[2]) for index, section in enumerate(sections)]


_MARGINS = re.compile(r"Types · types · made [^\n]*?Page \d+ ?\n?of \d+\n(Types\n)?")
"""The end of a page and the beginning of the next."""

_ROUNDED = re.compile(r"\nRounded to 4 decimals here: Value \d+\.")
_CUT = re.compile(r"\nCase \d+\.: in the PDF long texts end with …: Value \d+\.")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u06ff]")


def _drawn(text: str) -> str:
    text = text.strip("\n")
    rounded = _ROUNDED.search(text)
    is_cut = _CUT.search(text)
    text = _CUT.sub("", _ROUNDED.sub("", text))
    if _RIGHT_TO_LEFT.search(text):  # pypdf gives words as they stand from left to right
        text = " ".join(reversed(text.replace("\u200b", "").split(" ")))
    if text.endswith("…") and len(set(text) - {"\n", "…"}) == 1:
        return "the first lines and `…`" + (", with a note" if is_cut else "")
    return (spelt(text) if text else "nothing") + (", with a note" if rounded else "")


class _Cells(HTMLParser):
    """The text of each cell of each table's body, and whether it stands for NULL."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.cells: list[tuple[str, bool]] = []
        self._is_open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "td":
            self._is_open = True
            self.cells.append(("", ("class", "null") in attrs))

    def handle_endtag(self, tag: str) -> None:
        self._is_open = self._is_open and tag != "td"

    def handle_data(self, data: str) -> None:
        if self._is_open:
            text, is_null = self.cells[-1]
            self.cells[-1] = (text + data, is_null)


def _html(path: Path, _count: int) -> list[str]:
    page = path.read_bytes().decode()
    parser = _Cells()
    parser.feed(page)
    parser.close()
    rounded = {int(number) for number in re.findall(r"Rounded to 4 decimals here: Value (\d+)\.", page)}
    return [
        "nothing" if is_null else spelt(text) + (", with a note" if index in rounded else "")
        for index, (text, is_null) in enumerate(parser.cells)
    ]


def _json(path: Path, _count: int) -> list[str]:
    found = json.loads(path.read_bytes(), parse_float=_Digits, parse_int=_Digits)
    return _objects(found["queries"][0]["rows"])


def _ndjson(path: Path, _count: int) -> list[str]:
    lines = path.read_bytes().split(b"\n")[:-1]
    return _objects([json.loads(line, parse_float=_Digits, parse_int=_Digits) for line in lines])


class _Digits(str):
    """A number as it stands in the file."""


def _objects(rows: list[dict[str, Any]]) -> list[str]:
    (row,) = rows
    return [_json_value(value) for value in row.values()]


def _json_value(value: object) -> str:
    if isinstance(value, _Digits):
        return f"number `{value}`"
    if isinstance(value, str):
        return f"text {spelt(value)}"
    return f"`{json.dumps(value)}`"


def _parquet(path: Path, _count: int) -> list[str]:
    table = pq.read_table(path)
    return [f"{column.type}: {_arrow_value(column[0].as_py())}" for column in table.columns]


def _arrow_value(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bytes):
        return f"`{value.hex()}`"
    if isinstance(value, Decimal):
        return f"`{value:f}`"
    if isinstance(value, datetime):
        return f"`{value.isoformat(sep=' ')}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return spelt(value) if isinstance(value, str) else f"`{value}`"


_READERS: dict[str, Callable[[Path, int], list[str]]] = {
    "xlsx": _xlsx,
    "csv": _csv,
    "pdf": _pdf,
    "html": _html,
    "json": _json,
    "ndjson": _ndjson,
    "parquet": _parquet,
}
