from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept
from xlsx_books import book, values

from libs.common.look import ColourRule, ColumnSetting, Look, Widget
from services.generator.render.xlsx import lines

ORDERS = [
    ("North", "Desk", 3, Decimal("10.10")),
    ("North", "Desk", 4, Decimal("0.20")),
    ("North", "Lamp", 1, Decimal("5.00")),
    ("South", "Desk", 2, None),
    (None, "Desk", 1, Decimal("-1.05")),
]
NAMES = ["region", "product", "pieces", "revenue"]
GROUPED = Widget(
    query="Rows",
    title="Orders",
    group_by=("region", "product"),
    columns=(
        ColumnSetting(column="region", hidden=True),
        ColumnSetting(column="product", label="Product"),
        ColumnSetting(column="pieces", total="sum"),
        ColumnSetting(column="revenue", total="sum", format="currency:EUR"),
    ),
)
GROUPED_ROWS = [
    ("Product", "pieces", "revenue"),
    ("region: North",),
    ("Product: Desk",),
    ("Desk", 3, 10.1),
    ("Desk", 4, 0.2),
    ("Total Desk", 7, 10.3),
    ("Product: Lamp",),
    ("Lamp", 1, 5),
    ("Total Lamp", 1, 5),
    ("Total North", 8, 15.3),
    ("region: South",),
    ("Product: Desk",),
    ("Desk", 2),
    ("Total Desk", 2),
    ("Total South", 2),
    ("region: –",),
    ("Product: Desk",),
    ("Desk", 1, -1.05),
    ("Total Desk", 1, -1.05),
    ("Total –", 1, -1.05),
    ("Total", 11, 14.25),
]


def sorted_groups(rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Whether NULL sorts first or last is the sorter's business."""
    null = next(index for index, row in enumerate(rows) if row[0] == "region: –")
    return rows if null > 1 else [rows[0], *rows[6:-1], *rows[1:6], rows[-1]]


def test_groups_have_headings_subtotals_and_outline_levels(tmp_path: Path) -> None:
    sheet = book(tmp_path, [kept(tmp_path, NAMES, ORDERS)], [GROUPED])["Orders"]
    assert sorted_groups(values(sheet)) == GROUPED_ROWS
    levels = {row[0].value: sheet.row_dimensions[row[0].row].outlineLevel for row in sheet.iter_rows()}
    assert [levels[name] for name in ("region: North", "Product: Lamp", "Lamp", "Total Lamp", "Total North")] == [
        0,
        1,
        2,
        1,
        0,
    ]
    assert levels["Total"] == 0
    assert sheet.dimensions == "A1:C21"
    assert sheet.auto_filter.ref is None
    assert all(cell.font.bold for row in sheet.iter_rows() if str(row[0].value).startswith("Total") for cell in row)
    assert sheet["C4"].number_format == "[$€]#,##0.00"


@pytest.mark.parametrize("max_rows", [3, 4, 7, 8, 21])
def test_groups_go_on_in_the_next_sheet(tmp_path: Path, max_rows: int) -> None:
    whole = book(tmp_path, [kept(tmp_path, NAMES, ORDERS)], [GROUPED], max_rows=max_rows)
    found: list[Any] = [GROUPED_ROWS[0]]
    for sheet in whole.worksheets[:-1]:
        heading, *rows = values(sheet)
        assert heading == GROUPED_ROWS[0]
        assert 0 < len(rows) < max_rows
        assert [row[0].row for row in sheet.iter_rows(min_row=2)] == list(range(2, len(rows) + 2))
        found += rows
    assert sorted_groups(found) == GROUPED_ROWS
    assert len(whole.worksheets) - 1 == -(-(len(GROUPED_ROWS) - 1) // (max_rows - 1))


def test_subtotals_are_exact_over_the_end_of_a_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_MOST_ROWS", 7)
    rows = [("a" if number < 15 else "b", Decimal("0.10")) for number in range(25)]
    widget = Widget(query="Rows", group_by=("key",), columns=(ColumnSetting(column="value", total="sum"),))
    sheet = book(tmp_path, [kept(tmp_path, ["key", "value"], rows)], [widget]).worksheets[0]
    totals = [(row[0].row, row[0].value, row[1].value) for row in sheet.iter_rows() if "Total" in str(row[1].value)]
    assert totals == [(18, 1.5, "Total a"), (30, 1, "Total b"), (31, 2.5, "Total")]
    assert [row for row in values(sheet) if row[0] == 0.1 and row[1] == "b"] == [(0.1, "b")] * 10


def test_a_total_is_a_number_or_all_its_digits(tmp_path: Path) -> None:
    rows = [(Decimal("1.10"), 2**62, 1.5, 1), (Decimal("2.20"), 2**62, 2.5, 2), (None, None, 0.1, None)]
    totals = (("exact", "sum"), ("large", "sum"), ("mean", "average"), ("some", "count"))
    widget = Widget(query="Rows", columns=tuple(ColumnSetting(column=name, total=total) for name, total in totals))  # type: ignore[arg-type]
    sheet = book(tmp_path, [kept(tmp_path, [name for name, _ in totals], rows)], [widget]).worksheets[0]
    last = [cell.value for cell in sheet[sheet.max_row]]
    assert last == [3.3, str(2**63), 1.36667, 2]
    assert sheet.auto_filter.ref == "A1:D4"


def test_columns_are_shown_as_the_widget_asks(tmp_path: Path) -> None:
    columns = (
        ColumnSetting(column="revenue", label="Revenue", format="currency:EUR", width=31),
        ColumnSetting(column="pieces", format="text", align="center"),
        ColumnSetting(column="product", hidden=True),
    )
    sheet = book(
        tmp_path,
        [kept(tmp_path, NAMES, ORDERS)],
        [Widget(query="Rows", title="Sales", columns=columns)],
        look=Look(accent="#F2C200", page="letter", orientation="landscape"),
    )["Sales"]
    assert values(sheet)[:2] == [("Revenue", "pieces", "region"), (10.1, "3", "North")]
    assert (sheet["A2"].number_format, sheet["B2"].number_format) == ("[$€]#,##0.00", "@")
    assert (sheet["B2"].data_type, sheet["B2"].alignment.horizontal) == ("s", "center")
    assert round(sheet.column_dimensions["A"].width) in (31, 32)
    assert sheet["A1"].fill.fgColor.rgb == "FFF2C200"
    assert sheet["A1"].font.color.rgb == "FF1B2733", "dark letters on a light colour"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 1)


def test_colours_are_conditional_formats(tmp_path: Path) -> None:
    rules = (ColourRule(when="<", value=0, text="#B3261E"), ColourRule(when=">=", value=5, paper="#DDF3E0"))
    text = ColourRule(when="=", value='say "x"', paper="#E0F0FF")
    day = ColourRule(when=">", value="2026-01-01", text="#111111")
    widget = Widget(
        query="Rows",
        columns=(
            ColumnSetting(column="n", rules=rules),
            ColumnSetting(column="t", rules=(text,)),
            ColumnSetting(column="d", rules=(day,)),
        ),
    )

    rows = [(1, "a", date(2026, 2, 1)), (-1, "b", None)]
    sheet = book(tmp_path, [kept(tmp_path, ["n", "t", "d"], rows)], [widget]).worksheets[0]
    found = {
        str(area.sqref): [(rule.formula[0], rule.priority, rule.stopIfTrue) for rule in area.rules]
        for area in sheet.conditional_formatting
    }
    assert found == {
        "A2:A3": [("AND(ISNUMBER($A2),$A2<0)", 1, True), ("AND(ISNUMBER($A2),$A2>=5)", 2, True)],
        "B2:B3": [('AND(ISTEXT($B2),EXACT($B2,"say ""x"""))', 3, True)],
        "C2:C3": [("AND(ISNUMBER($C2),$C2>46023.0)", 4, True)],
    }


def test_an_empty_table_says_so(tmp_path: Path) -> None:
    widget = Widget(query="Rows", group_by=("region",), columns=(ColumnSetting(column="pieces", total="sum"),))
    sheet = book(tmp_path, [kept(tmp_path, NAMES, [])], [widget]).worksheets[0]
    assert [row[0] for row in values(sheet)] == ["pieces", "No rows."]
    filtered = Widget(query="Rows", columns=widget.columns)
    sheet = book(tmp_path, [kept(tmp_path, NAMES, [])], [filtered], banners=("A check failed.",)).worksheets[0]
    assert [row[0] for row in values(sheet)] == ["A check failed.", "pieces", "No rows."]
    assert sheet.auto_filter.ref == "A2:D2"


def test_banners_stand_above_the_first_table(tmp_path: Path) -> None:
    answers = [kept(tmp_path, ["n"], [(1,)], name="One"), kept(tmp_path, ["n"], [(1,)], name="Two")]
    whole = book(tmp_path, answers, banners=("A check failed.",))
    assert values(whole["One"]) == [("A check failed.",), ("n",), (1,)]
    assert values(whole["Two"]) == [("n",), (1,)]
    assert ("Note", "A check failed.") in values(whole["About"])
