from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept

from libs.common.look import Sort, Widget
from services.generator.answers import Answer
from services.generator.parts import ChartPart, FailedPart, FigurePart, Series, resolve


def part_of(widget: Widget, answer: Answer, folder: Path) -> Any:
    (part,) = resolve([widget], [answer], folder)
    return part


@pytest.mark.parametrize(
    ("now", "before", "better", "change", "mood"),
    [
        (Decimal("110.00"), Decimal("100.00"), "higher", 0.1, "good"),
        (90, 100, "higher", -0.1, "bad"),
        (90, 100, "lower", -0.1, "good"),
        (100, 100, "higher", 0.0, None),
        (5.5, -5, "higher", 2.1, "good"),
        (5, 0, "higher", None, None),
        (5, None, "higher", None, None),
        (None, 5, "higher", None, None),
        (float("nan"), 5, "higher", None, None),
        (110, 100, None, 0.1, None),
    ],
)
def test_a_figure_knows_how_it_has_changed(
    now: Any, before: Any, better: Any, change: float | None, mood: str | None, tmp_path: Path
) -> None:
    answer = kept(tmp_path, ["region", "now", "before"], [("all", now, before), ("other", 1, 1)], name="Sales")
    widget = Widget(
        kind="figure", query="Sales", value="now", previous="before", better=better, format="decimal:1", width="half"
    )
    part = part_of(widget, answer, tmp_path)
    assert isinstance(part, FigurePart)
    assert (part.title, part.change, part.mood, part.width) == ("Sales", change, mood, "half")
    assert part.format is not None
    if now == now:  # NaN is not
        assert (part.value, type(part.value)) == (now, type(now))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ("text", "text"),
        (True, "true"),
        (date(2026, 1, 2), date(2026, 1, 2)),
        (datetime(2026, 1, 2, 3), datetime(2026, 1, 2, 3)),  # noqa: DTZ001
        (b"\xff", "ff"),
        (2**62 + 1, 2**62 + 1),
        (None, None),
    ],
)
def test_a_figure_may_be_anything(value: Any, wanted: Any, tmp_path: Path) -> None:
    part = part_of(Widget(kind="figure", query="Q", title="It"), kept(tmp_path, ["v"], [(value,)], name="Q"), tmp_path)
    assert (part.title, part.value, part.previous) == ("It", wanted, None)


def test_a_figure_states_the_zone_of_an_instant(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["at"], [(datetime(2026, 1, 2, 3, tzinfo=UTC),)], name="Last order")
    titles = [
        part_of(Widget(kind="figure", query="Last order", title=title), answer, tmp_path).title
        for title in ("", "At (UTC)")
    ]
    assert titles == ["Last order (UTC)", "At (UTC)"]


def test_a_chart_has_categories_and_series(tmp_path: Path) -> None:
    rows = [("Q1", Decimal("1.5"), 3, "x"), (None, None, 4, "y"), ("Q3", Decimal("NaN"), 5, "z")]
    answer = kept(tmp_path, ["quarter", "sales", "pieces", "note"], rows, name="Sales")
    part = part_of(Widget(kind="bar", query="Sales", stacked=True, format="currency:EUR"), answer, tmp_path)
    assert isinstance(part, ChartPart)
    assert (part.kind, part.stacked, part.x_label, part.categories) == ("bar", True, "quarter", ("Q1", "–", "Q3"))
    assert part.series == (Series("sales", (1.5, None, None)), Series("pieces", (3.0, 4.0, 5.0)))
    other = part_of(Widget(kind="line", query="Sales", x="note", series=("pieces",)), answer, tmp_path)
    assert (other.categories, other.series) == (("x", "y", "z"), (Series("pieces", (3.0, 4.0, 5.0)),))


def test_a_chart_is_sorted_before_it_is_cut(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["n", "v"], [(number, 2_000 - number) for number in range(2_000)], name="Many")
    part = part_of(Widget(kind="line", query="Many", sort=(Sort(column="v"),)), answer, tmp_path)
    assert (part.categories[0], len(part.categories), len(part.series[0].values)) == ("1999", 500, 500)
    assert part.notes == ("Many: the chart shows the first 500 of 2,000 rows.",)


def test_days_that_come_as_moments_are_drawn_as_days(tmp_path: Path) -> None:
    days = [(datetime(2026, 1, day), day) for day in (1, 2)]  # noqa: DTZ001
    part = part_of(Widget(kind="line", query="Q"), kept(tmp_path, ["d", "v"], days, name="Q"), tmp_path)
    assert part.categories == ("2026-01-01", "2026-01-02")


def test_a_pie_shows_one_series(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["k", "a", "b"], [("x", 1, 2)], name="Q")
    part = part_of(Widget(kind="pie", query="Q"), answer, tmp_path)
    assert part.series == (Series("a", (1.0,)),)
    assert part.notes == ("Q: a pie shows one series; this one shows a.",)


@pytest.mark.parametrize(
    ("widget", "rows", "reason", "no_rows"),
    [
        ({"kind": "figure"}, [], "The query 'Q' gave no row, so there is no figure to show.", True),
        ({"kind": "bar"}, [], "The query 'Q' gave no rows, so there is nothing to draw.", True),
        (
            {"kind": "bar"},
            [("a", "b")],
            "The query 'Q' has no column of numbers to draw besides its categories.",
            False,
        ),
        ({"kind": "bar", "series": ("n",)}, [("a", "b")], "The column 'n' holds text; a chart needs numbers.", False),
        ({"kind": "bar", "x": "z"}, [("a", 1)], "The query 'Q' has no column 'z'; it has k, n.", False),
        ({"kind": "figure", "value": "z"}, [("a", 1)], "The query 'Q' has no column 'z'; it has k, n.", False),
        ({"kind": "pie"}, [("a", -1)], "The column 'n' has values below 0, which no pie can show.", False),
        (
            {"kind": "pie", "format": "currency"},
            [("a", 1)],
            "Here the format 'currency:' needs a currency's code of ISO 4217, like 'currency:EUR'.",
            False,
        ),
    ],
)
def test_a_widget_that_cannot_be_drawn_says_why(
    widget: dict[str, Any], rows: list[Any], reason: str, no_rows: bool, tmp_path: Path
) -> None:
    part = part_of(Widget(query="Q", **widget), kept(tmp_path, ["k", "n"], rows, name="Q"), tmp_path)
    assert isinstance(part, FailedPart)
    assert (part.reason, part.no_rows) == (reason, no_rows)
