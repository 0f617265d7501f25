"""Puts a workbook together: XlsxWriter's file is the frame, into whose sheets the rows are poured as they are made.

XlsxWriter writes each of our tables with a few pattern rows where its rows belong. Here the file is copied part by
part, and the pattern rows of a sheet are replaced by the real ones while they are compressed. Rows are never in memory
or on disk but in the file itself. All that is asked of XlsxWriter is the format that it is there to write.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pyarrow as pa
from isal import isal_zlib

from services.generator.render.xlsx.rows import Pattern

_ROW = re.compile(rb'<row r="(\d+)"([^>]*?)(?:/>|>(.*?)</row>)', re.DOTALL)
_STYLE = re.compile(rb'<c r="[A-Z]+\d+"(?: s="(\d+)")?')
_LAST = re.compile(rb'(?<=<dimension ref=")[^"]+')
_SPANS = re.compile(rb' spans="[^"]*"')

_LEVEL = 1
"""ISA-L at this level is four times as fast as zlib at its own level 1, and the file is smaller."""

_BITE = 262_144
"""Bytes that are compressed at a time. Larger ones leave the heap in pieces, and memory would grow with the rows."""

_LARGE = 2_100_000_000
"""A part with more bytes must be announced in the archive before it is written."""


@dataclass(frozen=True)
class Body:
    """The rows `first` to `last` of one sheet (1 is the first). They take the place of `patterns` pattern rows."""

    first: int
    last: int
    patterns: int
    rows: Callable[[tuple[Pattern, ...]], Iterator[pa.Buffer | bytes]]
    most_bytes: int = 0
    """Their XML is not larger than this."""


def assemble(frame: IO[bytes], bodies: Mapping[int, Body], path: Path) -> None:
    """Write the workbook `frame` to `path` with the rows of `bodies`, by the number of the sheet (1 is the first)."""
    waiting = {f"xl/worksheets/sheet{number}.xml": body for number, body in bodies.items()}
    with zipfile.ZipFile(frame) as source, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as target:
        for info in source.infolist():
            body = waiting.pop(info.filename, None)
            large = body is not None and body.most_bytes > _LARGE
            with target.open(_part(info), "w", force_zip64=large) as part:
                _compress_fast(part)
                _copy(source.read(info), body, part)
    if waiting:
        raise RuntimeError(f"XlsxWriter wrote no part {', '.join(waiting)}; its packages look different from before.")


def _part(info: zipfile.ZipInfo) -> zipfile.ZipInfo:
    part = zipfile.ZipInfo(info.filename, info.date_time)
    part.compress_type = zipfile.ZIP_DEFLATED
    part.external_attr = info.external_attr
    return part


def _compress_fast(part: IO[bytes]) -> None:
    # zipfile cannot be told which deflate to use. Should it keep its compressor elsewhere one day, nothing breaks:
    # the file is then made by zlib, which a test notices.
    vars(part)["_compressor"] = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, -15)


def _copy(xml: bytes, body: Body | None, part: IO[bytes]) -> None:
    if body is None:
        part.write(xml)
        return
    rows = [match for match in _ROW.finditer(xml) if 0 <= int(match[1]) - body.first < body.patterns]
    if len(rows) != body.patterns:
        raise RuntimeError("XlsxWriter wrote no pattern rows into a sheet; its sheets look different from before.")
    part.write(_LAST.sub(lambda old: _reaching(old[0], body.last), xml[: rows[0].start()], count=1))
    for run in body.rows(tuple(_pattern(match) for match in rows)):
        for start in range(0, len(run), _BITE):
            part.write(memoryview(run)[start : start + _BITE])
    part.write(xml[rows[-1].end() :])


def _reaching(area: bytes, last: int) -> bytes:
    """The area of a sheet, like A1:C3, if its last row is `last`."""
    return re.sub(rb"\d+$", str(last).encode(), area)


def _pattern(row: re.Match[bytes]) -> Pattern:
    attributes = _SPANS.sub(b"", row[2]).decode()
    return Pattern(attributes.rstrip(), tuple(int(style or 0) for style in _STYLE.findall(row[3] or b"")))
