from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from generator_content import MADE_AT, kept
from openpyxl import load_workbook
from openpyxl.chart import AreaChart, BarChart, LineChart, PieChart
from PIL import Image
from xlsx_books import book, drawn, values, xml_parts

from libs.common.errors import PermanentFailure
from libs.common.look import ColourRule, ColumnSetting, Look, Widget
from services.generator.answers import Answer

FIGURES = (
    Widget(
        kind="figure",
        query="Key",
        title="Revenue",
        value="now",
        previous="before",
        better="higher",
        format="currency:EUR",
    ),
    Widget(kind="figure", query="Key", title="Since", value="since"),
    Widget(kind="figure", query="Key", title="Long", value="long"),
    Widget(kind="figure", query="Key", title="Nothing", value="nothing"),
)
CHARTS = (
    Widget(kind="bar", query="Months", title="Bars", stacked=True),
    Widget(kind="line", query="Months", title="Lines", series=("cost",)),
    Widget(kind="area", query="Months", title="Areas"),
    Widget(kind="pie", query="Months", title="Slices", series=("sales",)),
)


@pytest.fixture
def answers(tmp_path: Path) -> list[Answer]:
    names = ["now", "before", "since", "long", "nothing"]
    key = [(Decimal("1100.50"), Decimal("1000.00"), date(2026, 11, 1), Decimal("12345678901234567.89"), None)]
    months = [("Jan", Decimal("1.50"), 4), ("Feb", None, 5), ("Mar", Decimal("2.50"), 6)]
    return [kept(tmp_path, names, key, name="Key"), kept(tmp_path, ["month", "sales", "cost"], months, name="Months")]


def test_key_figures_are_together_on_the_first_sheet(tmp_path: Path, answers: list[Answer]) -> None:
    logo = tmp_path / "logo.png"
    Image.new("RGB", (400, 100), "#0B6E4F").save(logo)
    look = Look(subtitle="November", accent="#0B6E4F")
    whole = book(tmp_path, answers, FIGURES, look=look, logo=logo, banners=("A check failed.",))
    assert whole.sheetnames == ["Summary", "About"]
    sheet = whole["Summary"]
    found = {cell.value: cell for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert {"Delays by carrier", "November", "A check failed."} <= found.keys()
    title = found["Revenue"]
    value, change, before = (sheet.cell(title.row + down, title.column) for down in (1, 2, 3))
    assert (value.value, value.number_format) == (1100.5, "[$€]#,##0.00")
    assert change.value == pytest.approx(0.1005)
    assert change.number_format.startswith('"▲ "+0.0%')
    assert change.font.color.rgb == "FF1E7B34", "more is good news here"
    assert (before.value, before.number_format) == (1000, '"previously "[$€]#,##0.00')
    shown = {name: sheet.cell(found[name].row + 1, found[name].column).value for name in ("Since", "Long", "Nothing")}
    assert str(shown.pop("Since"))[:10] == "2026-11-01"
    assert shown == {"Long": "12345678901234567.89", "Nothing": "–"}
    assert len(sheet._images) == len(whole["About"]._images) == 1


def test_charts_are_native_and_stand_beside_their_numbers(tmp_path: Path, answers: list[Answer]) -> None:
    whole = book(tmp_path, answers, CHARTS)
    assert whole.sheetnames == ["Bars", "Lines", "Areas", "Slices", "About"]
    kinds = [type(whole[name]._charts[0]) for name in whole.sheetnames[:4]]
    assert kinds == [BarChart, LineChart, AreaChart, PieChart]
    assert values(whole["Bars"])[2:] == [("month", "sales", "cost"), ("Jan", 1.5, 4), ("Feb", None, 5), ("Mar", 2.5, 6)]
    bars = whole["Bars"]._charts[0]
    assert (bars.grouping, [series.val.numRef.f for series in bars.ser]) == (
        "stacked",
        ["Bars!$B$4:$B$6", "Bars!$C$4:$C$6"],
    )
    assert [series.cat.numRef.f if series.cat.numRef else series.cat.strRef.f for series in bars.ser] == [
        "Bars!$A$4:$A$6"
    ] * 2
    assert len(whole["Slices"]._charts[0].ser) == 1


def test_a_dashboard_shows_its_charts_on_the_first_sheet_too(tmp_path: Path, answers: list[Answer]) -> None:
    whole = book(tmp_path, answers, (*CHARTS[:2], FIGURES[0]))
    assert whole.sheetnames == ["Summary", "Bars", "Lines", "About"]
    assert [chart.ser[0].val.numRef.f for chart in whole["Summary"]._charts] == ["Bars!$B$4:$B$6", "Lines!$B$4:$B$6"]


def test_a_widget_that_failed_says_why_in_its_place(tmp_path: Path, answers: list[Answer]) -> None:
    whole = book(tmp_path, answers, (Widget(kind="figure", query="Key", title="Broken", value="nope"), CHARTS[0]))
    assert whole.sheetnames == ["Broken", "Bars", "About"]
    reason = values(whole["Broken"])[-1][0]
    assert "nope" in reason
    assert ("Note", f"Broken: {reason}") in values(whole["About"])


def test_the_last_sheet_tells_all_that_was_asked(tmp_path: Path, answers: list[Answer]) -> None:
    facts = {
        "look": Look(subtitle="November"),
        "parameters": (("since", "2026-01-01"),),
        "timezone": "Europe/Vienna",
        "scheduled_for": MADE_AT,
        "banners": ("A check failed.",),
    }
    told = values(book(tmp_path, answers, CHARTS[:1], **facts)["About"])
    assert ("Made", "2026-11-23 09:00 Europe/Vienna") in told
    assert ("Scheduled for", "2026-11-23 09:00 Europe/Vienna") in told
    assert {("since", "2026-01-01"), ("Key", "1 row"), ("Months", "3 rows"), ("Note", "A check failed.")} <= set(told)


def test_without_a_cover_there_are_only_the_widgets(tmp_path: Path, answers: list[Answer]) -> None:
    assert book(tmp_path, answers, CHARTS[:1], look=Look(cover=False)).sheetnames == ["Bars"]


def test_a_logo_that_is_no_image_is_a_permanent_failure(tmp_path: Path, answers: list[Answer]) -> None:
    logo = tmp_path / "logo.png"
    logo.write_text("no image")
    with pytest.raises(PermanentFailure, match="The logo cannot be read"):
        book(tmp_path, answers, CHARTS[:1], logo=logo)


def test_all_parts_of_a_dashboard_are_xml(tmp_path: Path, answers: list[Answer]) -> None:
    parts = xml_parts(drawn(tmp_path, answers, (*FIGURES, *CHARTS, Widget(query="Months"))).path)
    assert sum(name.startswith("xl/charts/chart") for name in parts) == 8
    assert sum(name.startswith("xl/worksheets/sheet") for name in parts) == 7


def test_names_that_are_no_xml_do_not_break_a_workbook(tmp_path: Path) -> None:
    odd = "a\x07<b> & \"c\" 'd'\n</t>=1"
    answer = kept(tmp_path, [odd, "n"], [(odd, 1), ("x", 2)], name=odd)
    total = ColumnSetting(column="n", label=odd, total="sum", rules=(ColourRule(when="=", value=odd, text="#112233"),))
    widgets = (
        Widget(kind="figure", query=odd, title=odd, value=odd),
        Widget(kind="bar", query=odd, title=odd),
        Widget(query=odd, title=odd, group_by=(odd,), columns=(total,)),
        Widget(kind="figure", query=odd, title=odd, value="nope"),
    )
    facts = {"title": odd, "description": odd, "source": odd, "parameters": ((odd, odd),), "banners": (odd,)}
    path = drawn(tmp_path, [answer], widgets, **facts).path
    assert xml_parts(path)
    whole = load_workbook(path)
    assert len(whole.sheetnames) == 5
    assert {cell.data_type for sheet in whole for row in sheet.iter_rows() for cell in row} == {"s", "n"}
