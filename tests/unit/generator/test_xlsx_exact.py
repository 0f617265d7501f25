from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept
from xlsx_books import book, drawn, values

# What a value must be when it is read back; the text is what openpyxl shows, which leaves Excel's escapes as they are.
TEXTS = {
    "": "",
    " lead": " lead",
    "trail ": "trail ",
    "\ttab": "\ttab",
    "a\nb": "a\nb",
    "a\r\nb": "a_x000D_\nb",
    "&<>\"'": "&<>\"'",
    "<r>rich</r>": "<r>rich</r>",
    "]]>&amp;": "]]>&amp;",
    "a\x00b\x1f\ufffe\uffff": "a_x0000_b_x001F__xFFFE__xFFFF_",
    "_x0041_": "_x005F_x0041_",
    "_x005F_x0041_": "_x005F_x005F_x005F_x0041_",
    "🙂 東京 שלום": "🙂 東京 שלום",
    "=1+1": "=1+1",
    "#N/A": "#N/A",
    "x" * 40_000: "x" * 32_766 + "…",
}
COLUMNS: dict[str, dict[Any, Any]] = {
    "text": TEXTS,
    "integer": {
        0: 0,
        -1: -1,
        10**15 - 1: 10**15 - 1,
        10**15: str(10**15),
        -(10**15): str(-(10**15)),
        2**63 - 1: str(2**63 - 1),
    },
    "number": {
        1 / 3: 1 / 3,
        0.1 + 0.2: 0.1 + 0.2,
        1e300: 1e300,
        5e-324: 5e-324,
        float("inf"): "Infinity",
        -float("inf"): "-Infinity",
        2.5: 2.5,
    },
    "numeric": {
        Decimal("12.50"): 12.5,
        Decimal("-0.5"): -0.5,
        Decimal("0.00"): 0,
        Decimal("1234567890123.45"): 1234567890123.45,
        Decimal("12345678901234.567"): "12345678901234.567",
        Decimal(10) ** 20: 1e20,
        Decimal("1E-20"): 1e-20,
        Decimal("99999999999999999999.99"): "99999999999999999999.99",
    },
    "date": {
        date(2024, 2, 29): datetime.fromisoformat("2024-02-29"),
        date(1900, 3, 1): datetime.fromisoformat("1900-03-01"),
        date(1900, 2, 28): "1900-02-28",
        date(1, 1, 1): "0001-01-01",
        date(9999, 12, 31): datetime.fromisoformat("9999-12-31"),
    },
    "timestamp": {
        datetime.fromisoformat("2024-02-29T12:30:15"): datetime.fromisoformat("2024-02-29T12:30:15"),
        datetime.fromisoformat("1900-02-28T23:59:59"): "1900-02-28 23:59:59",
        datetime.fromisoformat("9999-12-31T23:59:59.999999"): "9999-12-31 23:59:59.999999",
    },
    "instant": {datetime(2024, 2, 29, 12, 30, tzinfo=UTC): datetime.fromisoformat("2024-02-29T12:30")},
    "time": {time(12, 30): time(12, 30), time(0): time(0)},
    "boolean": {True: True, False: False},
    "binary": {b"\x00\xff": "00ff", b"": ""},
}


def test_every_cell_of_a_mixed_table_is_what_was_read(tmp_path: Path) -> None:
    """More rows than are turned into XML at a time, each with other neighbours, and NULL everywhere."""
    chance = random.Random(5)
    pools = [[*column, None] for column in COLUMNS.values()]
    rows = [tuple(pool[number % len(pool)] for pool in pools) for number in range(40)]
    rows += [tuple(chance.choice(pool) for pool in pools) for _ in range(60)]
    sheet = book(tmp_path, [kept(tmp_path, list(COLUMNS), rows)]).worksheets[0]
    expected = [
        tuple(None if value is None else column[value] for value, column in zip(row, COLUMNS.values(), strict=True))
        for row in rows
    ]
    read = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)]
    wrong = [(a, b) for got, want in zip(read, expected, strict=True) for a, b in zip(got, want, strict=True) if a != b]
    assert wrong == []
    kinds = {(type(cell.value), cell.data_type) for row in sheet.iter_rows(min_row=2) for cell in row}
    assert (str, "f") not in kinds
    assert (str, "e") not in kinds


def test_what_excel_cannot_hold_is_told(tmp_path: Path) -> None:
    rows = [(2**60, date(1450, 1, 1)), (1, date(1899, 1, 1)), (None, None)]
    drawing = drawn(tmp_path, [kept(tmp_path, ["n", "day"], rows)])
    assert drawing.notes == (
        "1 number is written as text in the workbook: Excel keeps 15 digits, and no NaN or infinity.",
        "2 dates are written as text in the workbook: Excel knows no days before March 1900 or after 9999.",
    )
    assert values(book(tmp_path, [kept(tmp_path, ["n", "day"], rows)])["About"])[-1] == (
        "Note",
        "\n".join(drawing.notes),
    )


@pytest.mark.parametrize("name", ["<r>x</r>", "=1+1", "a\x07b", " "])
def test_a_heading_is_written_as_it_is(tmp_path: Path, name: str) -> None:
    sheet = book(tmp_path, [kept(tmp_path, [name, "b"], [(1, 2)])]).worksheets[0]
    assert (sheet["A1"].value, sheet["A1"].data_type) == (name.replace("\x07", "_x0007_"), "s")
