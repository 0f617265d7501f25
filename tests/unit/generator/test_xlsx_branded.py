from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from generator_content import kept
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.drawing.image import Image as Picture
from openpyxl.styles import Font, PatternFill
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table, TableStyleInfo
from PIL import Image
from xlsx_books import book, drawn, values, xml_parts

from libs.common.errors import PermanentFailure
from libs.common.look import ColumnSetting, Look, Widget
from services.generator.answers import Answer
from services.generator.render.xlsx.branded import fill

TOTAL = Widget(kind="figure", query="Key", title="Total revenue", value="now", previous="before", format="currency:EUR")
SALES = Widget(query="Sales", title="Sales", columns=(ColumnSetting(column="day", format="dd.mm.yyyy"),))


@pytest.fixture
def answers(tmp_path: Path) -> list[Answer]:
    sales = [(f"2026-01-{day:02d}", f"=city {day}", Decimal(day) / 2) for day in range(1, 8)]
    key = [(Decimal("1100.50"), Decimal("1000.00"))]
    return [
        kept(tmp_path, ["now", "before"], key, name="Key"),
        kept(tmp_path, ["day", "city", "revenue"], sales, name="Sales"),
    ]


@pytest.fixture
def design(tmp_path: Path) -> Path:
    """What a designer made: two sheets, names, a table of two rows with a formula and a line of totals, a chart."""
    made = Workbook()
    front = made.active
    assert front is not None
    front.title = "Front page"
    front["A1"], front["B2"], front["B3"] = "Our brand", 0, "since?"
    front["B2"].font = Font(size=30, bold=True)
    for name, cell in (("Total_revenue", "$B$2"), ("since", "$B$3"), ("total_revenue_change", "$B$4")):
        made.defined_names[name] = DefinedName(name, attr_text=f"'Front page'!{cell}")
    logo = tmp_path / "brand.png"
    Image.new("RGB", (40, 40), "#AA0000").save(logo)
    front.add_image(Picture(logo), "D1")
    data = made.create_sheet("Data")
    data["A1"] = "Do not touch"
    for row in (
        ("City", "Revenue", "With tax"),
        ("Rome", 1, "=B4*1.2"),
        ("Oslo", 2, "=B5*1.2"),
        ("Sum", "=SUBTOTAL(109,Sales[Revenue])", None),
    ):
        data.append(row)
    data.move_range("A2:C5", rows=1)
    data["B4"].number_format = "0.000"
    data["A4"].fill = PatternFill("solid", fgColor="FFEEDD")
    table = Table(displayName="Sales", ref="A3:C6", totalsRowCount=1)
    table.tableStyleInfo = TableStyleInfo(name="TableStyleMedium4", showRowStripes=True)
    data.add_table(table)
    chart = BarChart()
    chart.add_data(Reference(data, min_col=2, min_row=4, max_row=5))
    chart.set_categories(Reference(data, min_col=1, min_row=4, max_row=5))
    front.add_chart(chart, "A10")
    path = tmp_path / "design.xlsx"
    made.save(path)
    return path


def test_a_designed_workbook_is_filled_and_else_left_alone(tmp_path: Path, design: Path, answers: list[Answer]) -> None:
    whole = book(tmp_path, answers, (TOTAL, SALES), workbook=design, parameters=(("since", "=2026"),))
    assert whole.sheetnames == ["Front page", "Data", "About"]
    front, data = whole["Front page"], whole["Data"]
    assert (front["A1"].value, data["A1"].value) == ("Our brand", "Do not touch")
    assert (front["B2"].value, front["B2"].number_format, front["B2"].font.size) == (1100.5, "[$€]#,##0.00", 30)
    assert (front["B3"].value, front["B3"].data_type) == ("=2026", "s")
    assert front["B4"].value == pytest.approx(0.1005)
    assert data.tables["Sales"].ref == "A3:C11"
    assert values(data)[2:] == [
        ("City", "Revenue", "With tax"),
        *[(f"=city {day}", day / 2, f"=B{day + 3}*1.2") for day in range(1, 8)],
        ("Sum", "=SUBTOTAL(109,Sales[Revenue])"),
    ]
    assert {data[f"A{row}"].data_type for row in range(4, 11)} == {"s"}
    assert {data[f"B{row}"].number_format for row in range(4, 11)} == {"0.000"}
    assert {data[f"A{row}"].fill.fgColor.rgb for row in range(4, 11)} == {"00FFEEDD"}
    series = front._charts[0].ser[0]
    assert (series.val.numRef.f, series.cat.numRef.f) == ("'Data'!$B$4:$B$10", "'Data'!$A$4:$A$10")
    assert len(front._images) == 1
    assert ("Sales", "7 rows") in values(whole["About"])
    assert xml_parts(drawn(tmp_path, answers, (TOTAL, SALES), workbook=design).path)


def test_a_shorter_answer_shrinks_the_table(tmp_path: Path, design: Path, answers: list[Answer]) -> None:
    short = [answers[0], kept(tmp_path, ["city", "revenue"], [], name="Sales")]
    data = book(tmp_path, short, (TOTAL, Widget(query="Sales")), workbook=design, look=Look(cover=False))["Data"]
    assert data.tables["Sales"].ref == "A3:C5"
    assert values(data)[2:5] == [("City", "Revenue", "With tax"), (), ("Sum", "=SUBTOTAL(109,Sales[Revenue])")]


def test_what_must_be_known_is_never_left_out(tmp_path: Path, design: Path, answers: list[Answer]) -> None:
    facts = {"workbook": design, "look": Look(cover=False)}
    quiet = book(tmp_path, answers, (TOTAL, SALES), **facts)
    assert quiet.sheetnames == ["Front page", "Data"]
    loud = book(tmp_path, answers, (TOTAL, SALES), **facts, banners=("A check failed.",))
    assert ("Note", "A check failed.") in values(loud["About"])


def changed(design: Path, what: str) -> None:
    made = load_workbook(design)
    if what == "nothing called so":
        del made.defined_names["Total_revenue"]
    elif what == "no table":
        del made["Data"].tables["Sales"]
    elif what == "in the way":
        made["Data"]["B9"] = "A footnote"
    elif what == "unknown column":
        made["Data"]["C4"] = 1
    made.save(design)


@pytest.mark.parametrize(
    ("what", "words"),
    [
        ("nothing called so", "no place for the figure 'Total revenue'; give a cell the name Total_revenue"),
        ("no table", r"no place for 'Sales'; make a table \(Insert > Table\) with the name Sales"),
        ("in the way", "the cell B9 of the sheet 'Data' is in the way"),
        ("unknown column", "a column 'With tax', which 'Sales' does not give; it gives day, city, revenue"),
    ],
)
def test_a_design_that_does_not_fit_is_a_permanent_failure(
    tmp_path: Path, design: Path, answers: list[Answer], what: str, words: str
) -> None:
    changed(design, what)
    with pytest.raises(PermanentFailure, match=words):
        drawn(tmp_path, answers, (TOTAL, SALES), workbook=design)


def test_a_design_that_is_no_workbook_is_a_permanent_failure(tmp_path: Path, answers: list[Answer]) -> None:
    path = tmp_path / "design.xlsx"
    path.write_bytes(b"PK no")
    with pytest.raises(PermanentFailure, match="it must be an xlsx file"):
        drawn(tmp_path, answers, (TOTAL,), workbook=path)


def test_a_designed_workbook_takes_so_many_rows(
    tmp_path: Path, design: Path, answers: list[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fill, "MAX_ROWS", 6)
    with pytest.raises(PermanentFailure, match="'Sales' has 7 rows; a designed workbook takes 6"):
        drawn(tmp_path, answers, (TOTAL, SALES), workbook=design)
