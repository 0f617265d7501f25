from __future__ import annotations

import zipfile
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import MADE_AT, kept, quiet, report
from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell
from openpyxl.worksheet.worksheet import Worksheet

from services.generator.answers import Answer
from services.generator.render import Report
from services.generator.render.xlsx import draw_xlsx
from services.generator.render.xlsx.names import SheetNames


def opened(tmp_path: Path, what: Report | Answer, **how: Any) -> tuple[Workbook, tuple[str, ...]]:
    whole = what if isinstance(what, Report) else report(what)
    (drawing,) = draw_xlsx(whole, tmp_path, quiet, **how)
    assert drawing.rows == whole.rows
    return load_workbook(drawing.path), drawing.notes


def first_cell(tmp_path: Path, value: object) -> Cell:
    book, _ = opened(tmp_path, kept(tmp_path, ["it"], [(value,)]))
    cell = book.worksheets[0]["A2"]
    assert isinstance(cell, Cell)
    return cell


@pytest.mark.parametrize(
    ("value", "read", "number_format"),
    [
        (2013, 2013, "0"),
        (999_999_999_999_999, 999_999_999_999_999, "0"),
        (2**53 + 1, "9007199254740993", "0"),
        (-(2**63), "-9223372036854775808", "0"),
        (2.5, 2.5, "#,##0.0"),
        (1 / 3, 1 / 3, "#,##0.00##"),
        (0.00001, 0.00001, "General"),
        (float("nan"), "NaN", "0"),
        (float("inf"), "Infinity", "0"),
        (Decimal("12.50"), 12.5, "#,##0.00"),
        (Decimal("1234567890123.45"), 1234567890123.45, "#,##0.00"),
        (Decimal("12345678901234.567"), "12345678901234.567", "#,##0.000"),
        (Decimal("0.100000000000000000"), 0.1, "#,##0.000000000000000"),
        (Decimal("NaN"), "NaN", "0"),
        (True, True, "General"),
        (date(2013, 1, 31), datetime.fromisoformat("2013-01-31"), "yyyy-mm-dd"),
        (date(1900, 2, 28), "1900-02-28", "yyyy-mm-dd"),
        (date(1450, 1, 1), "1450-01-01", "yyyy-mm-dd"),
        (
            datetime.fromisoformat("2013-01-31T05:06:07"),
            datetime.fromisoformat("2013-01-31T05:06:07"),
            "yyyy-mm-dd hh:mm:ss",
        ),
        (datetime(2013, 1, 31, 5, tzinfo=UTC), datetime.fromisoformat("2013-01-31T05:00"), "yyyy-mm-dd hh:mm:ss"),
        (time(5, 6, 7), time(5, 6, 7), "hh:mm:ss"),
        (b"\x00\xff", "00ff", "General"),
        ("Größe 東京 🙂", "Größe 東京 🙂", "General"),
    ],
)
def test_a_value_is_exact_or_text(value: object, read: object, number_format: str, tmp_path: Path) -> None:
    cell = first_cell(tmp_path, value)
    assert (cell.value, cell.number_format) == (read, number_format)
    assert (cell.data_type == "s") == isinstance(read, str)


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "0123", "https://example.org", "2013-01-01", "TRUE"])
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    cell = first_cell(tmp_path, text)
    assert (cell.value, cell.data_type, cell.hyperlink) == (text, "s", None)


def test_characters_that_xml_cannot_hold_do_not_break_the_file(tmp_path: Path) -> None:
    # Excel's own way to write them; openpyxl shows it as it stands in the file.
    assert first_cell(tmp_path, "a\x00b\x1fc\ufffe").value == "a_x0000_b_x001F_c_xFFFE_"
    assert first_cell(tmp_path, "_x0041_").value == "_x005F_x0041_"


def test_text_beyond_a_cell_is_cut_with_a_note(tmp_path: Path) -> None:
    rows = [("x" * 40_000,), ("x" * 32_767,), ("🙂" * 20_000,)]
    book, notes = opened(tmp_path, kept(tmp_path, ["it"], rows))
    cut, whole, wide = (book.worksheets[0].cell(row, 1).value for row in (2, 3, 4))
    assert (len(cut), cut[-2:]) == (32_767, "x…")
    assert whole == "x" * 32_767
    assert wide == "🙂" * 16_383 + "…"
    assert notes == ("2 texts are longer than the 32,767 characters of an Excel cell and end with ….",)


def test_a_sheet_can_be_filtered_and_scrolled(tmp_path: Path) -> None:
    rows = [(1, "a longer text than the heading", None), (2, "b", datetime(2013, 1, 1, tzinfo=UTC))]
    book, _ = opened(tmp_path, kept(tmp_path, ["n", "text", "at"], rows, name="Flights"))
    sheet = book.worksheets[0]
    assert isinstance(sheet, Worksheet)
    assert [cell.value for cell in sheet[1]] == ["n", "text", "at (UTC)"]
    assert (sheet.title, sheet.freeze_panes, sheet.auto_filter.ref) == ("Flights", "A2", "A1:C3")
    assert all(cell.font.bold and cell.fill.fgColor.rgb == "FF1F4E79" for cell in sheet[1])
    assert sheet.print_title_rows == "$1:$1"
    widths = {letter: sheet.column_dimensions[letter].width for letter in "ABC"}
    assert widths["A"] < 12 < widths["C"] < widths["B"] < 60


def test_a_cut_stands_above_the_headings(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(number,) for number in range(9)], name="Flights", max_rows=5)
    book, _ = opened(tmp_path, answer)
    sheet = book["Flights"]
    assert [cell.value for cell in sheet["A"]] == [
        "Flights: 5 of 9 rows are shown; the limit is 5.",
        "n",
        0,
        1,
        2,
        3,
        4,
    ]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A3", "A2:A7")


def test_more_rows_than_a_sheet_holds_go_on_in_the_next(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(number,) for number in range(10)], name="Flights")
    book, _ = opened(tmp_path, answer, max_rows=5)
    assert book.sheetnames == ["Flights", "Flights (2)", "Flights (3)", "About"]
    columns = [[cell.value for cell in book[name]["A"]] for name in book.sheetnames[:3]]
    assert columns == [["n", 0, 1, 2, 3], ["n", 4, 5, 6, 7], ["n", 8, 9]]


def test_the_last_sheet_tells_what_the_report_is(tmp_path: Path) -> None:
    answers = [kept(tmp_path, ["n"], [(1,)], name="One"), kept(tmp_path, ["n"], [], name="None at all")]
    what = report(*answers, description="All of them.", parameters=(("since", "2013-01-01"),))
    book, _ = opened(tmp_path, what)
    assert book.sheetnames == ["One", "None at all", "About"]
    told = [value for row in book["About"].iter_rows(values_only=True) for value in row if value]
    assert told == [
        "Delays by carrier",
        "All of them.",
        "Source",
        "flights",
        "Made",
        "2026-11-23 08:00 UTC",
        "since",
        "2013-01-01",
        "One",
        "1 row",
        "None at all",
        "0 rows",
    ]
    properties = book.properties
    assert (properties.title, properties.creator) == ("Delays by carrier", "Pressroom")
    assert properties.created == MADE_AT.replace(tzinfo=None)


def test_a_query_without_rows_has_its_headings(tmp_path: Path) -> None:
    book, _ = opened(tmp_path, kept(tmp_path, ["a", "b"], []))
    assert [cell.value for cell in book.worksheets[0][1]] == ["a", "b"]


def test_rows_do_not_stay_in_memory_or_in_the_folder(tmp_path: Path) -> None:
    opened(tmp_path, kept(tmp_path, ["a"], [(1,)]))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["delays-2026-11-23.xlsx"]


def test_the_parts_of_the_file_are_xml_that_names_no_formula(tmp_path: Path) -> None:
    (drawing,) = draw_xlsx(report(kept(tmp_path, ["a"], [("=cmd|' /C calc'!A0",)])), tmp_path, quiet)
    with zipfile.ZipFile(drawing.path) as parts:
        assert not any(b"<f>" in parts.read(name) for name in parts.namelist())


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["Sales", "sales", "SALES"], ["Sales", "sales (2)", "SALES (3)"]),
        (["a/b:c*d?[e]\\f"], ["a b c d e f"]),
        (["", " ", "'"], ["Sheet", "Sheet (2)", "Sheet (3)"]),
        (["History"], ["History (2)"]),
        (["'quoted'"], ["quoted"]),
        (["x" * 40, "x" * 40], ["x" * 31, "x" * 27 + " (2)"]),
    ],
)
def test_sheet_names_are_valid_and_unique(wanted: list[str], names: list[str]) -> None:
    given = SheetNames()
    assert [given.name(name) for name in wanted] == names
