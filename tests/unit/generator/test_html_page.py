from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from generator_content import kept, quiet, report

from libs.common.look import ColourRule, ColumnSetting, Look, Widget
from services.generator.answers import Answer
from services.generator.parts import resolve
from services.generator.render.html import draw_html

VOID = {"meta", "img", "br"}
EVIL = "</td></style><script>alert('x')</script>\" onload=\"x"
HEAD = "{http://www.w3.org/2000/svg}"


class Page(HTMLParser):
    """The page as a reader of HTML sees it; a tag that is not closed where it should be is an error."""

    def __init__(self, content: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.rows: list[list[str]] = []
        self.feed(content)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and data.strip():
            self.texts.append((self.open[-1], data))
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def said(self, tag: str) -> list[str]:
        return [text for name, text in self.texts if name == tag]


def drawn(folder: Path, *answers: Answer, widgets: Any = (), max_rows: int = 5_000, **facts: Any) -> tuple[str, Any]:
    whole = report(*answers, **{"parts": resolve(widgets, answers, folder), **facts})
    (drawing,) = draw_html(whole, folder, quiet, max_rows=max_rows)
    assert (drawing.path.name, drawing.media_type, drawing.rows) == (
        "delays-2026-11-23.html",
        "text/html",
        whole.rows,
    )
    return drawing.path.read_text(), drawing.notes


def test_a_page_begins_with_what_it_is(tmp_path: Path) -> None:
    picture = tmp_path / "logo.png"
    picture.write_bytes(b"\x89PNG\r\n\x1a\n")
    content, notes = drawn(
        tmp_path,
        kept(tmp_path, ["n"], [(1,), (2,)], name="By carrier"),
        description="All of 2013.",
        parameters=(("since", "2013-01-01"),),
        banners=("2 % of the carriers have no name.",),
        scheduled_for=datetime(2026, 11, 23, 7, tzinfo=UTC),
        look=Look(subtitle="New York", locale="de", accent="#C2410C"),
        timezone="Europe/Vienna",
        logo=picture,
    )
    page = Page(content)
    assert page.said("h1") == page.said("title") == ["Delays by carrier"]
    facts = dict(zip(page.said("dt"), page.said("dd"), strict=True))
    assert facts["Source"] == "flights"
    assert facts["since"] == "2013-01-01"
    assert facts["Made"] == "23.11.2026 09:00 Europe/Vienna"
    assert facts["Scheduled for"] == "23.11.2026 08:00 Europe/Vienna"
    assert facts["Rows"] == "2"
    assert {"New York", "All of 2013.", "2 % of the carriers have no name."} <= set(page.said("p"))
    assert page.said("small") == ["2 rows"]
    assert page.rows == [["n"], ["1"], ["2"]]
    assert ("html", {"lang": "de", "dir": "ltr"}) in page.tags
    (logo,) = (what["src"] or "" for tag, what in page.tags if tag == "img")
    assert logo.startswith("data:image/png;base64,iVBOR")
    assert "--accent:#C2410C" in content
    assert "prefers-color-scheme:dark" in content
    assert notes == ()


def test_a_template_may_do_without_the_block_of_facts(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, kept(tmp_path, ["n"], [(1,)]), look=Look(cover=False))
    assert "<dl" not in content


def test_nothing_that_is_data_becomes_markup(tmp_path: Path) -> None:
    numbers = kept(tmp_path, ["k", EVIL], [(EVIL, 1), ("x", 2)], name=EVIL)
    kinds = ("bar", "line", "area", "pie", "figure")
    widgets = [
        *(Widget(kind=kind, query=EVIL, title=EVIL) for kind in kinds),
        Widget(query=EVIL, group_by=("k",), columns=(ColumnSetting(column=EVIL, label=EVIL, total="sum"),)),
        Widget(query=f"no {EVIL}"),
    ]
    content, _ = drawn(
        tmp_path,
        numbers,
        widgets=widgets,
        title=EVIL,
        description=EVIL,
        source=EVIL,
        parameters=((EVIL, EVIL),),
        banners=(EVIL,),
        look=Look(subtitle=EVIL),
    )
    page = Page(content)
    assert not {"script", "iframe", "link"} & {tag for tag, _ in page.tags}
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    assert page.said("h1") == [EVIL]
    assert [text for text in page.said("h2") if text != f"no {EVIL}"] == [EVIL] * 5 + [f"{EVIL} "]
    assert [EVIL, "1"] in [row[::-1] for row in page.rows]


def test_a_page_runs_nothing_and_loads_nothing(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, kept(tmp_path, ["n"], [("https://example.org/x.png",)]))
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    page = Page(content)
    assert any(what.get("content") == policy for tag, what in page.tags if tag == "meta")
    loaded = [what[name] for _, what in page.tags for name in ("src", "href") if name in what]
    assert loaded == []
    assert "url(" not in content.split("</style>")[0]


def test_null_empty_and_control_characters_can_be_told_apart(tmp_path: Path) -> None:
    content, _ = drawn(tmp_path, kept(tmp_path, ["t"], [(None,), ("",), ("a\x00\x1b\x7f\r\nb",)]))
    assert '<td class="null"></td>' in content
    assert '<td class="left"></td>' in content
    assert Page(content).rows[-1] == ["a␀␛␡\r\nb"]


def test_groups_have_headings_and_subtotals(tmp_path: Path) -> None:
    rows = [("West", "a", Decimal("1.10")), ("West", "b", Decimal("2.20")), ("East", "a", None), (None, "a", 4)]
    answer = kept(tmp_path, ["region", "shop", "sales"], rows, name="Q")
    settings = (
        ColumnSetting(column="region", hidden=True),
        ColumnSetting(column="shop", label="Shop"),
        ColumnSetting(column="sales", total="sum", format="decimal:2"),
    )
    content, _ = drawn(tmp_path, answer, widgets=[Widget(query="Q", group_by=("region",), columns=settings)])
    assert Page(content).rows == [
        ["Shop", "sales"],
        ["region: West"],
        ["a", "1.10"],
        ["b", "2.20"],
        ["Total West", "3.30"],
        ["region: East"],
        ["a", ""],
        ["Total East"],
        ["region: –"],
        ["a", "4.00"],
        ["Total –", "4.00"],
        ["Total", "7.30"],
    ]


def test_a_label_finds_room_before_a_total_of_the_first_column(tmp_path: Path) -> None:
    settings = (ColumnSetting(column="n", total="average"),)
    content, _ = drawn(tmp_path, kept(tmp_path, ["n"], [(1,), (2,)]), widgets=[Widget(query="Rows", columns=settings)])
    assert Page(content).rows == [["n"], ["1"], ["2"], ["Total"], ["avg 1.5"]]


def test_a_rule_colours_cells(tmp_path: Path) -> None:
    rules = (ColourRule(when="<", value=0, text="#B3261E"), ColourRule(when=">=", value=10, paper="#D7F5DF"))
    widget = Widget(query="Rows", columns=(ColumnSetting(column="n", rules=rules),))
    content, _ = drawn(tmp_path, kept(tmp_path, ["n"], [(-1,), (5,), (10,)]), widgets=[widget])
    styles = [what.get("style") for tag, what in Page(content).tags if tag == "td"]
    assert styles == ["--text:#B3261E", None, "--text:#1B2733;--cell:#D7F5DF"]


def test_what_is_not_shown_is_said(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["k", "n"], [(n // 3, n) for n in range(1_200)], name="Many", max_rows=1_100)
    widget = Widget(query="Many", group_by=("k",), columns=(ColumnSetting(column="n", total="sum"),))
    content, notes = drawn(tmp_path, answer, widgets=[widget], max_rows=4)
    told = "Many: the page shows the first 4 of 1,100 rows."
    assert notes == (told,)
    page = Page(content)
    assert told in page.said("p")
    assert "Many: 1,100 of 1,200 rows are shown; the limit is 1,100." in page.said("p")
    cut = "Many: 1,100 of 1,200 rows are shown; the limit is 1,100."
    again = Page(drawn(tmp_path, answer, widgets=[widget], banners=(cut,))[0])
    assert again.said("p").count(cut) == 1
    assert page.rows[-3:] == [["k: 1"], ["3", "1"], ["Total"], [str(sum(range(1_100))), ""]][-3:]
    assert ["Total 1"] not in page.rows


def test_an_empty_answer_and_a_failed_widget_are_said(tmp_path: Path) -> None:
    none = kept(tmp_path, ["n"], [], name="None")
    widgets = [Widget(query="None"), Widget(kind="bar", query="None"), Widget(query="Nope", title="Lost")]
    page = Page(drawn(tmp_path, none, widgets=widgets)[0])
    assert page.said("p") == [
        "No rows: the query found nothing.",
        "The query 'None' gave no rows, so there is nothing to draw.",
        "The template has no query 'Nope'.",
    ]
    assert page.rows == []


def test_figures_tell_their_change(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["now", "before"], [(Decimal("1234.5"), Decimal(1000))], name="Q")
    widget = Widget(kind="figure", query="Q", title="Sales", previous="before", better="higher", format="currency:EUR")
    page = Page(drawn(tmp_path, answer, widgets=[widget])[0])
    assert page.said("p") == ["€1,234.50", "▲ ", "before: "]
    assert page.said("bdi") == ["+23.5%", "€1,000.00"]
    assert ("p", {"class": "change good"}) in page.tags


ROWS = [("a", 4, -1), ("b", None, 2), ("c", 6, 3), ("d", 2, None)]


def svg(folder: Path, rows: Any, **widget: Any) -> ET.Element:
    answer = kept(folder, ["k", "x", "y"], rows, name="Q")
    content, _ = drawn(folder, answer, widgets=[Widget(query="Q", **widget)])
    found = re.search(r"<svg.*</svg>", content)
    assert found is not None
    return ET.fromstring(found.group().replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))


def told(picture: ET.Element) -> list[str]:
    return [title.text or "" for title in picture.iter(f"{HEAD}title")]


def test_bars_are_as_high_as_their_values(tmp_path: Path) -> None:
    picture = svg(tmp_path, ROWS, kind="bar", series=("x",))
    heights = [float(bar.attrib["height"]) for bar in picture.iter(f"{HEAD}rect")]
    assert [round(height / heights[0], 1) for height in heights] == [1, 1.5, 0.5]
    assert told(picture) == ["a: 4", "c: 6", "d: 2"]
    marks = [text.text for text in picture.iter(f"{HEAD}text")]
    assert marks == ["0", "2", "4", "6", "a", "b", "c", "d", "k"]


def test_stacked_bars_stand_on_each_other(tmp_path: Path) -> None:
    picture = svg(tmp_path, [("a", 2, 3)], kind="bar", stacked=True)
    lower, upper = picture.iter(f"{HEAD}rect")
    assert float(upper.attrib["y"]) + float(upper.attrib["height"]) == pytest.approx(float(lower.attrib["y"]), abs=0.11)
    assert told(picture) == ["a, x: 2", "a, y: 3"]


def test_a_line_is_interrupted_where_a_value_is_missing(tmp_path: Path) -> None:
    picture = svg(tmp_path, [*ROWS, ("e", 1, 1)], kind="line")
    lines = [path.attrib["d"].count("L") + 1 for path in picture.iter(f"{HEAD}path")]
    assert lines == [3, 3]
    assert len(list(picture.iter(f"{HEAD}circle"))) == 8


@pytest.mark.parametrize("stacked", [False, True])
def test_areas_are_closed(stacked: bool, tmp_path: Path) -> None:
    picture = svg(tmp_path, [("a", 1, 2), ("b", 3, 4)], kind="area", stacked=stacked)
    areas = [path.attrib["d"] for path in picture.iter(f"{HEAD}path") if path.attrib.get("class") in ("pale", "layer")]
    assert [area[0] + area[-1] for area in areas] == ["MZ", "MZ"]


def test_a_ring_shows_shares(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["k", "n"], [("a", 3), ("b", 1), ("c", 0)], name="Q")
    page = Page(drawn(tmp_path, answer, widgets=[Widget(kind="pie", query="Q")])[0])
    assert page.rows == [["a", "3", "75.0%"], ["b", "1", "25.0%"], ["c", "0", "0.0%"]]
    assert sum(1 for tag, what in page.tags if tag == "path") == 2
    whole = kept(tmp_path, ["k", "n"], [("a", 3)], name="Q")
    assert "<circle" in drawn(tmp_path, whole, widgets=[Widget(kind="pie", query="Q")])[0]


def test_a_chart_of_zeros_says_so(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["k", "n"], [("a", 0)], name="Q")
    page = Page(drawn(tmp_path, answer, widgets=[Widget(kind="pie", query="Q")])[0])
    assert page.said("p") == ["All values are 0: there are no shares to show."]


@pytest.mark.parametrize("count", [1, 30, 500])
def test_names_below_a_chart_leave_each_other_room(count: int, tmp_path: Path) -> None:
    rows = [(f"category number {number}", number, 1) for number in range(count)]
    picture = svg(tmp_path, rows, kind="bar")
    names = [text for text in picture.iter(f"{HEAD}text") if (text.text or "").startswith("category")]
    places = [float(text.attrib["x"]) for text in names]
    assert 1 <= len(names) <= 70
    assert all(after - before >= 11 for before, after in pairwise(places))
