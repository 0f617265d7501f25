from __future__ import annotations

import errno
import io
import resource
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_content import kept
from xlsx_books import drawn, xml_parts
from xlsxwriter import Workbook

from services.generator.render.xlsx import package
from services.generator.render.xlsx.package import Body, assemble
from services.generator.render.xlsx.rows import Pattern

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


def frame(patterns: int = 2) -> io.BytesIO:
    """A file of XlsxWriter with a heading and some pattern rows."""
    file = io.BytesIO()
    with Workbook(file, {"in_memory": True}) as book:
        sheet, bold = book.add_worksheet("One"), book.add_format({"bold": True})
        sheet.write_row(0, 0, ["a", "b"])
        for row in range(1, patterns + 1):
            sheet.set_row(row, None, None, {"level": row - 1})
            sheet.write_blank(row, 0, None, book.add_format())
            sheet.write_blank(row, 1, None, bold)
    file.seek(0)
    return file


def test_rows_take_the_place_of_the_patterns(tmp_path: Path) -> None:
    """Should this fail after an update of XlsxWriter, it writes its rows differently: see package.py."""
    heard: list[tuple[Pattern, ...]] = []

    def rows(patterns: tuple[Pattern, ...]) -> Iterator[bytes]:
        heard.append(patterns)
        yield b'<row r="2"><c r="A2"><v>1</v></c></row>'
        yield b'<row r="3"/>'

    path = tmp_path / "a.xlsx"
    assemble(frame(), {1: Body(2, 3, 2, rows)}, path)
    assert heard == [(Pattern("", (1, 2)), Pattern(' outlineLevel="1"', (1, 2)))]
    sheet = xml_parts(path)["xl/worksheets/sheet1.xml"]
    assert [row.get("r") for row in sheet.iter(f"{SHEET}row")] == ["1", "2", "3"]
    assert [area.get("ref") for area in sheet.iter(f"{SHEET}dimension")] == ["A1:B3"]


def test_a_frame_without_patterns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="sheets look different"):
        assemble(frame(1), {1: Body(2, 3, 2, lambda patterns: iter(()))}, tmp_path / "a.xlsx")
    with pytest.raises(RuntimeError, match=r"no part xl/worksheets/sheet2\.xml"):
        assemble(frame(), {2: Body(2, 3, 2, lambda patterns: iter(()))}, tmp_path / "a.xlsx")


def test_files_are_made_with_the_fast_deflate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should this fail after an update of Python, zipfile keeps its compressor elsewhere: files are right, but slow."""
    used: list[int] = []
    real = package.isal_zlib.compressobj

    class Counting:
        def __init__(self, *how: int) -> None:
            self._real = real(*how)
            self.flush = self._real.flush

        def compress(self, data: bytes) -> bytes:
            used.append(len(data))
            return self._real.compress(data)

    monkeypatch.setattr(package.isal_zlib, "compressobj", Counting)
    path = drawn(tmp_path, [kept(tmp_path, ["a"], [("x" * 500,)])]).path
    with zipfile.ZipFile(path) as made:
        assert sum(used) == sum(info.file_size for info in made.infolist())


def test_the_same_report_is_the_same_file(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a"], [("x",)])
    assert drawn(tmp_path, [answer]).path.read_bytes() == drawn(tmp_path, [answer]).path.read_bytes()


def test_a_large_sheet_is_announced_as_one(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    rows = [b'<row r="2"/>']
    assemble(frame(), {1: Body(2, 2, 2, lambda patterns: iter(rows), most_bytes=5_000_000_000)}, path)
    with zipfile.ZipFile(path) as made:
        large = [info.filename for info in made.infolist() if info.extract_version == 45]
    assert large == ["xl/worksheets/sheet1.xml"]
    assert xml_parts(path)


def test_what_the_disk_refuses_is_an_error_of_the_disk(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a"], [(f"{number * 7919}",) for number in range(3_000)])
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8_000, hard))
    try:
        with pytest.raises(OSError) as caught:
            drawn(tmp_path, [answer])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
