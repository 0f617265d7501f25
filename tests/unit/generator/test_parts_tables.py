from __future__ import annotations

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from generator_content import kept

from libs.common.errors import PermanentFailure
from libs.common.look import ColourRule, ColumnSetting, Sort, Widget
from services.generator.answers import Answer
from services.generator.parts import FailedPart, TablePart, Totals, resolve, runs


def table(widget: Widget, answer: Answer, folder: Path) -> TablePart:
    (part,) = resolve([widget], [answer], folder)
    assert isinstance(part, TablePart), part
    return part


def failed(widget: Widget, answer: Answer, folder: Path) -> FailedPart:
    (part,) = resolve([widget], [answer], folder)
    assert isinstance(part, FailedPart), part
    return part


def rows(part: TablePart) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for batch in part.batches() for row in batch.to_pylist()]


@pytest.fixture
def orders(tmp_path: Path) -> Answer:
    found = [("West", "b", Decimal("1.10"), 2), ("East", "a", None, None), ("West", "a", Decimal("2.205"), 2**62)]
    return kept(tmp_path, ["region", "shop", "total", "pieces"], found, name="Orders")


def test_without_widgets_each_answer_is_a_table_as_it_is(orders: Answer, tmp_path: Path) -> None:
    first, second = resolve([], [orders, orders], tmp_path)
    assert isinstance(first, TablePart)
    assert [shown.label for shown in first.columns] == ["region", "shop", "total", "pieces"]
    assert (first.title, first.groups, first.totals, first.answer) == ("Orders", (), None, orders)
    assert second == first


def test_columns_follow_the_settings_and_then_the_query(orders: Answer, tmp_path: Path) -> None:
    rule = ColourRule(when=">", value=2, text="#FF0000")
    widget = Widget(
        query="Orders",
        title="All orders",
        columns=(
            ColumnSetting(column="total", label="Revenue", format="currency:EUR", width=14, rules=(rule,)),
            ColumnSetting(column="shop", hidden=True),
            ColumnSetting(column="region", align="center"),
        ),
    )
    part = table(widget, orders, tmp_path)
    assert part.title == "All orders"
    seen = [(shown.label, shown.index, shown.align, shown.width, shown.rules) for shown in part.columns]
    assert seen == [
        ("Revenue", 2, "right", 14, (rule,)),
        ("region", 0, "center", None, ()),
        ("pieces", 3, "right", None, ()),
    ]
    money = part.columns[0].format
    assert money is not None
    assert (money.kind, money.excel, money.decimals, money.currency) == ("currency", "#,##0.00 [$€]", 2, "EUR")


def test_totals_are_exact(orders: Answer, tmp_path: Path) -> None:
    wanted = [("total", "sum"), ("pieces", "average"), ("shop", "count")]
    widget = Widget(query="Orders", columns=tuple(ColumnSetting(column=c, total=t) for c, t in wanted))  # type: ignore[arg-type]
    part = table(widget, orders, tmp_path)
    assert part.totals == (Decimal("3.305"), Decimal(2**61 + 1), Decimal(3), None)


@pytest.mark.parametrize(
    ("total", "values", "wanted"),
    [
        ("sum", [0.1] * 10, "1"),
        ("sum", [2**63 - 1] * 3, str(3 * (2**63 - 1))),
        ("sum", [Decimal("9" * 40), Decimal("0." + "0" * 39 + "1")], "9" * 40 + "." + "0" * 39 + "1"),
        ("sum", [1e300, 1.5], str(10**300 + 1) + ".5"),
        ("sum", [Decimal(1), Decimal("NaN")], "NaN"),
        ("sum", [float("inf"), 1.0], "Infinity"),
        ("sum", [float("inf"), float("-inf")], "NaN"),
        ("average", [Decimal("10.00"), Decimal("20.01"), Decimal("20.00")], "16.67"),
        ("average", [1, 2, 2], "1.6667"),
        ("average", [10**30, 10**30 + 1], str(10**30) + ".5"),
        ("min", [Decimal("-1.5"), None, Decimal("-1.50001")], "-1.50001"),
        ("max", [3, -4], "3"),
        ("max", [1.0, float("nan")], "NaN"),
        ("min", [1.0, float("nan")], "1"),
        ("count", [None, 1], "1"),
    ],
)
@pytest.mark.parametrize("nulls", [0, 300], ids=["one by one", "all at once"])
def test_a_total_is_what_a_reader_would_add_up(
    total: Any, values: list[Any], wanted: str, nulls: int, tmp_path: Path
) -> None:
    answer = kept(tmp_path, ["n"], [(value,) for value in [*values, *[None] * nulls]], name="Q")
    part = table(Widget(query="Q", columns=(ColumnSetting(column="n", total=total),)), answer, tmp_path)
    assert part.totals is not None
    (found,) = part.totals
    assert (str(found) if found is None or found.is_nan() else f"{found:f}".removesuffix(".0")) == wanted


def test_a_column_of_nothing_has_no_sum_but_a_count(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a", "b"], [(None, None)], name="Q")
    settings = (ColumnSetting(column="a", total="sum"), ColumnSetting(column="b", total="count"))
    assert table(Widget(query="Q", columns=settings), answer, tmp_path).totals == (None, Decimal(0))


def test_a_total_that_means_nothing_is_left_out_and_told(orders: Answer, tmp_path: Path) -> None:
    part = table(Widget(query="Orders", columns=(ColumnSetting(column="shop", total="sum"),)), orders, tmp_path)
    assert part.totals is None
    assert part.notes == ("The column 'shop' holds text, so there is no sum of it.",)


MIXED: dict[str, list[Any]] = {
    "text": ["b", "Ä", "a", None, "Z", "", "a\x00b"],
    "numeric": [Decimal("-10.5"), Decimal("9.75"), None, Decimal(-2), Decimal("1" + "0" * 45), Decimal("NaN")],
    "float": [1.5, -0.0, float("inf"), None, float("-inf"), 1e300],
    "whole": [2**62, -(2**62), None, 0],
    "day": [date(1, 1, 1), date(9999, 12, 31), None, date(1969, 12, 31)],
    "moment": [datetime(1899, 1, 1, 5), datetime(2020, 1, 1, 0, 0, 0, 1), None],  # noqa: DTZ001
    "instant": [datetime(2020, 1, 1, tzinfo=UTC), None, datetime(1969, 1, 1, tzinfo=UTC)],
    "clock": [time(5, 6), None, time(0, 0, 0, 1)],
    "truth": [True, None, False],
    "bytes": [b"\xff", b"", None, b"\x00"],
    "nothing": [None, None],
}
SORTED: dict[str, list[Any]] = {
    "text": ["", "a", "Ä", "a\x00b", "b", "Z", None],
    "numeric": ["-10.5", "-2", "9.75", "1" + "0" * 45, "NaN", None],
    "float": [float("-inf"), -0.0, 1.5, 1e300, float("inf"), None],
}


@pytest.mark.parametrize("kind", MIXED)
def test_sorting_changes_the_order_and_nothing_else(kind: str, tmp_path: Path) -> None:
    values = MIXED[kind]
    answer = kept(tmp_path, ["it", "place"], [(value, index) for index, value in enumerate(values)], name="Q")
    up = table(Widget(query="Q", sort=(Sort(column="it"),)), answer, tmp_path)
    down = table(Widget(query="Q", sort=(Sort(column="it", descending=True),)), answer, tmp_path)
    usual = [*sorted(value for value in values if value is not None)] if kind not in SORTED else []
    wanted = SORTED.get(kind) or [*usual, *(value for value in values if value is None)]
    found = [row[0] for row in rows(up)]
    assert found == wanted
    assert [row[0] for row in rows(down)] == [*[v for v in wanted if v is not None][::-1], *[None] * values.count(None)]
    assert next(batch.schema for batch in up.batches()).types == next(batch.schema for batch in answer.batches()).types


def test_equal_rows_keep_the_order_of_the_query(tmp_path: Path) -> None:
    found = [(number % 3, number) for number in range(30_000)]
    answer = kept(tmp_path, ["key", "place"], found, name="Q")
    part = table(Widget(query="Q", sort=(Sort(column="key", descending=True),)), answer, tmp_path)
    assert rows(part) == sorted(found, key=lambda row: -row[0])


def test_groups_come_as_the_query_gave_them_first(orders: Answer, tmp_path: Path) -> None:
    part = table(Widget(query="Orders", group_by=("region",)), orders, tmp_path)
    assert [row[:2] for row in rows(part)] == [("West", "b"), ("West", "a"), ("East", "a")]
    assert part.groups == (0,)


def test_groups_follow_the_sort_that_names_them(orders: Answer, tmp_path: Path) -> None:
    widget = Widget(query="Orders", group_by=("region",), sort=(Sort(column="shop"), Sort(column="region")))
    assert [row[:2] for row in rows(table(widget, orders, tmp_path))] == [("East", "a"), ("West", "a"), ("West", "b")]


def test_rows_that_lie_together_already_are_not_copied(tmp_path: Path) -> None:
    answer = kept(tmp_path, ["a", "b"], [(number // 50, number // 10 % 2) for number in range(2_000)], name="Q")
    assert table(Widget(query="Q", group_by=("a",)), answer, tmp_path).answer is answer
    assert table(Widget(query="Q", group_by=("a", "b")), answer, tmp_path).answer is not answer


def test_runs_find_where_groups_begin(tmp_path: Path) -> None:
    found = [("a", 1), ("a", 1), ("a", None), ("b", None), ("b", None), (None, 2)] + [("z", 0)] * 2_500
    answer = kept(tmp_path, ["x", "y"], found, name="Q")
    seen = [(level, slice_.num_rows) for level, slice_ in runs(answer.batches(), (0, 1))]
    assert seen[:5] == [(0, 2), (1, 1), (0, 2), (0, 1), (0, 994)]
    assert {level for level, _ in seen[5:]} == {None}
    assert sum(count for _, count in seen) == len(found)
    assert [level for level, _ in runs(answer.batches(), ())] == [None] * len(list(answer.batches()))


def test_subtotals_are_the_totals_of_each_run(orders: Answer, tmp_path: Path) -> None:
    widget = Widget(query="Orders", group_by=("region",), columns=(ColumnSetting(column="total", total="sum"),))
    part = table(widget, orders, tmp_path)
    found = []
    for _, slice_ in runs(part.batches(), part.groups):
        totals = Totals(part.columns)
        totals.add(slice_)
        found.append(totals.values()[0])
    assert found == [Decimal("3.305"), None]


@pytest.mark.parametrize(
    ("widget", "reason"),
    [
        (
            Widget(query="Orders", columns=(ColumnSetting(column="Total"),)),
            "The query 'Orders' has no column 'Total'; it has region, shop, total, pieces.",
        ),
        (Widget(query="Orders", sort=(Sort(column="x"),)), "has no column 'x'"),
        (Widget(query="Orders", group_by=("x",)), "has no column 'x'"),
        (Widget(query="Sales"), "The template has no query 'Sales'."),
        (
            Widget(query="Orders", columns=(ColumnSetting(column="total", format="decimal:x"),)),
            "Of the column 'total', the format 'decimal:x' needs a number of decimals from 0 to 30, like 'decimal:2'.",
        ),
        (
            Widget(
                query="Orders",
                columns=tuple(ColumnSetting(column=c, hidden=True) for c in ("region", "shop", "total", "pieces")),
            ),
            "All columns of the query 'Orders' are hidden.",
        ),
    ],
)
def test_a_widget_that_does_not_fit_says_why(widget: Widget, reason: str, orders: Answer, tmp_path: Path) -> None:
    part = failed(widget, orders, tmp_path)
    assert reason in part.reason
    assert part.notes == (f"{part.title}: {part.reason}",)
    assert not part.no_rows


def test_rows_that_cannot_be_sorted_in_the_memory_that_there_is_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.generator.parts.ordered.MEMORY_MEGABYTES", (1, 1))
    wide = kept(tmp_path, ["key", "text"], [(number, "x" * 20_000) for number in range(300)], name="Wide")
    with pytest.raises(PermanentFailure, match="The rows of 'Wide' are too long to be sorted; let the SQL sort them"):
        resolve([Widget(query="Wide", sort=(Sort(column="key"),))], [wide], tmp_path)
    assert not list(tmp_path.glob("*.spill"))


def test_a_column_that_widened_is_sorted_and_added_up_as_a_whole(tmp_path: Path) -> None:
    values = [*range(12_345_000, 12_346_000), Decimal("1.5"), -7]
    answer = kept(tmp_path, ["n"], [(value,) for value in values], name="Q")
    setting = ColumnSetting(column="n", total="sum")
    part = table(Widget(query="Q", sort=(Sort(column="n"),), columns=(setting,)), answer, tmp_path)
    found = [Decimal(row[0]) for row in rows(part)]
    assert found == sorted(values)
    assert part.totals == (sum(values),)
