"""Figures, charts and halves on a page, and a file that others open without repair."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pikepdf
import pytest
from generator_content import kept, report
from generator_pdf import drawn, lines, opened, placed
from PIL import Image
from pypdf import PageObject

from libs.common.look import ColumnSetting, Look, Widget
from services.generator.parts import ChartPart, FigurePart, Part, Series, resolve
from services.generator.render import Report
from services.generator.render.pdf.ink import BAD, GOOD, rgb
from services.generator.render.plot.palette import colours
from services.generator.render.plot.scale import scale_of, stacked

MONTHS = ("Jan", "Feb", "Mar")
SALES = (Series("north", (10.0, 20.0, None)), Series("south", (5.0, -5.0, 7.5)))


def shown(tmp_path: Path, *parts: Part, **facts: object) -> Report:
    return report(kept(tmp_path, ["n"], []), parts=parts, **facts)


def operators(tmp_path: Path, *parts: Part) -> str:
    reader, _ = opened(tmp_path, shown(tmp_path, *parts))
    return str(reader.pages[0].get_contents().get_data().decode("cp1252"))  # type: ignore[union-attr]


@pytest.mark.parametrize(("mood", "colour"), [("good", GOOD), ("bad", BAD), (None, "#5B6B7B")])
def test_a_figure_says_how_it_has_changed_and_whether_that_is_good(mood: str, colour: str, tmp_path: Path) -> None:
    figure = FigurePart("Revenue", Decimal("1284392.50"), Decimal(1000000), 0.284, mood)  # type: ignore[arg-type]
    reader, _ = opened(tmp_path, shown(tmp_path, figure, look=Look(locale="de")))
    text = [line.replace("\xa0", " ") for line in lines(reader.pages[0])]
    assert {"Revenue", "1.284.392,50", "+28,4 %", "before: 1.000.000"} <= set(text)
    code = reader.pages[0].get_contents().get_data().decode("cp1252")  # type: ignore[union-attr]
    assert f"{rgb(colour)} rg /B 9 Tf" in code


def test_figures_stand_in_one_row(tmp_path: Path) -> None:
    reader, _ = opened(tmp_path, shown(tmp_path, *(FigurePart(f"Figure {n}", n * 111) for n in range(1, 5))))
    at = placed(reader.pages[0])
    assert len({at[f"Figure {n}"][1] for n in range(1, 5)}) == 1
    assert [at[f"Figure {n}"][0] for n in range(1, 5)] == sorted(at[f"Figure {n}"][0] for n in range(1, 5))


@pytest.mark.parametrize("kind", ["bar", "line", "area"])
@pytest.mark.parametrize("is_stacked", [False, True])
def test_a_chart_has_axes_categories_and_a_legend(kind: str, is_stacked: bool, tmp_path: Path) -> None:
    chart = ChartPart("Sales", kind, MONTHS, SALES, stacked=is_stacked, x_label="month")  # type: ignore[arg-type]
    reader, _ = opened(tmp_path, shown(tmp_path, chart))
    page = reader.pages[0]
    assert {"Sales", "month", "north", "south", "0", *MONTHS} <= set(lines(page))
    assert page_colours(page) >= {rgb(colour) for colour in colours("#1F4E79", 2)}


def page_colours(page: PageObject) -> set[str]:
    words = page.get_contents().get_data().decode("cp1252").split()  # type: ignore[union-attr]
    places = [index for index, word in enumerate(words) if word in ("rg", "RG")]
    return {" ".join(words[index - 3 : index]) for index in places}


def test_bars_are_as_high_as_their_values(tmp_path: Path) -> None:
    chart = ChartPart("Sales", "bar", MONTHS, (Series("n", (10.0, 5.0, None)),))
    code = operators(tmp_path, chart)
    (bars,) = [line for line in code.splitlines() if line.startswith(f"{rgb('#1F4E79')} rg") and line.count(" re") == 2]
    numbers = [float(word) for word in bars.split() if word.replace(".", "", 1).isdigit()][3:]
    first, second = numbers[3], numbers[7]
    assert first == pytest.approx(2 * second, abs=0.02)


def test_a_pie_tells_shares_and_gathers_the_smallest(tmp_path: Path) -> None:
    names = tuple(f"carrier {number}" for number in range(12))
    chart = ChartPart("Shares", "pie", names, (Series("n", (50.0, 20.0, *(3.0 for _ in range(10)))),))
    reader, _ = opened(tmp_path, shown(tmp_path, chart))
    text = lines(reader.pages[0])
    assert {"carrier 0", "50.0%", "20.0%", "4 others", "12.0%"} <= set(text)
    assert "carrier 11" not in text


def test_any_numbers_make_a_chart(tmp_path: Path) -> None:
    charts = [
        ChartPart(f"{kind} {values}", kind, tuple(map(str, range(len(values)))), (Series("n", values),))  # type: ignore[arg-type]
        for kind in ("bar", "line", "area", "pie")
        for values in ((), (None,), (0.0,), (1e-9,), (-3.0,), (1e15, None, -1e15))
        if kind != "pie" or all((value or 0) >= 0 for value in values)
    ]
    reader, _ = opened(tmp_path, shown(tmp_path, *charts))
    assert {chart.title for chart in charts} <= {line for page in reader.pages for line in lines(page)}


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(0, 10, [0, 2.5, 5, 7.5, 10]), (-5, 20, [-10, 0, 10, 20]), (0, 0, [0, 0.25, 0.5, 0.75, 1]), (97, 99, None)],
)
def test_marks_stand_at_round_numbers(low: float, high: float, marks: list[float] | None) -> None:
    scale = scale_of(low, high, 5)
    assert scale.low <= low
    assert scale.high >= high
    assert marks is None or [float(mark) for mark in scale.marks] == marks


def test_negative_values_are_stacked_below() -> None:
    assert stacked(SALES) == [[(0.0, 10.0), (0.0, 20.0), (0.0, 0.0)], [(10.0, 15.0), (0.0, -5.0), (0.0, 7.5)]]


def test_two_halves_stand_beside_each_other(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["name", "n"], [("a", 1), ("b", 2)], name="Numbers")
    widgets = [
        Widget(kind="bar", query="Numbers", title="Left", width="half"),
        Widget(query="Numbers", title="Right", width="half", columns=(ColumnSetting(column="n", total="sum"),)),
        Widget(query="Numbers", title="Below"),
    ]
    reader, _ = opened(tmp_path, report(answer, parts=resolve(widgets, (answer,), tmp_path)))
    at = placed(reader.pages[0])
    assert at["Left"][1] == at["Right"][1]
    assert at["Left"][0] < 297 < at["Right"][0]
    assert at["Below"][1] < at["Right"][1]


def test_a_half_that_is_too_long_takes_the_whole_width(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n"], [(number,) for number in range(300)], name="Long")
    widgets = [Widget(query="Long", title=title, width="half") for title in ("One", "Two")]
    reader, _ = opened(tmp_path, report(answer, parts=resolve(widgets, (answer,), tmp_path)))
    assert sum("One" in lines(page) for page in reader.pages) == 1
    two = next(placed(page)["Two"] for page in reader.pages if "Two" in lines(page))
    assert two[0] == 40
    assert sum(line == "299" for page in reader.pages for line in lines(page)) == 2


@pytest.mark.parametrize("mode", ["RGBA", "P"])
def test_the_logo_is_on_the_first_page(mode: str, tmp_path: Path) -> None:
    Image.new(mode, (40, 20)).save(tmp_path / "logo.png")
    reader, _ = opened(tmp_path, report(kept(tmp_path, ["n"], [(1,)]), logo=tmp_path / "logo.png"))
    (image,) = reader.pages[0].images
    assert image.image is not None
    assert image.image.size == (40, 20)


def test_a_logo_that_cannot_be_read_does_not_fail_the_report(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_text("no picture")
    reader, _ = opened(tmp_path, report(kept(tmp_path, ["n"], [(1,)]), logo=tmp_path / "logo.png"))
    assert "Delays by carrier" in lines(reader.pages[0])


def test_others_open_the_file_without_repair(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["name", "n"], [(f"東京 {n % 7}", n) for n in range(200)], name="Numbers")
    widgets = [Widget(kind="line", query="Numbers"), Widget(query="Numbers", group_by=("name",))]
    drawing = drawn(tmp_path, report(answer, parts=resolve(widgets, (answer,), tmp_path), banners=("Look!",)))
    with pikepdf.open(drawing.path) as pdf:
        assert pdf.check_pdf_syntax() == []
        assert len(pdf.pages) > 3
