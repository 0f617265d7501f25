"""Widgets are checked as far as that goes without asking the source for its columns."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from libs.common.look import Widget, WidgetKind
from services.api.problems import Findings
from services.api.words import either, shown

CHARTS: tuple[WidgetKind, ...] = ("bar", "line", "area", "pie")

MEANT_FOR: Mapping[str, tuple[WidgetKind, ...]] = {
    "columns": ("table",),
    "group_by": ("table",),
    "value": ("figure",),
    "previous": ("figure",),
    "better": ("figure",),
    "x": CHARTS,
    "series": CHARTS,
    "stacked": ("bar", "area"),
    "format": ("figure", *CHARTS),
}
"""Fields that say something about widgets of these kinds only."""

_FORMAT = re.compile(
    r"(integer|date|datetime|time|text|General|(decimal|percent)(:\d{1,2})?|currency:[A-Za-z]{3}(:\d{1,2})?)"
)
_LIKE_A_WORD = re.compile(r"(?![ymdhsYMDHS]+(:|$))[A-Za-z]+(:.*)?")
"""What was most likely meant as one of our words, and not as a number format of Excel."""


def checked_widgets(widgets: Sequence[Widget], queries: Sequence[str], wrong: Findings) -> tuple[Widget, ...]:
    """The widgets, each with the name of its query; what cannot work goes to `wrong`."""
    titles: set[str] = set()
    for index, widget in enumerate(widgets):
        field = f"widgets[{index}]"
        check_query(widget.query, queries, f"{field}.query", wrong)
        _check_kind(widget, field, wrong)
        _check_columns(widget, field, wrong)
        if widget.title and widget.title.casefold() in titles:
            sentence = f"must be different from the other titles, not {shown(widget.title)} again."
            wrong.add(f"{field}.title", f"{field}.title {sentence}")
        titles.add(widget.title.casefold())
    return tuple(msgspec.structs.replace(one, query=one.query or queries[0]) for one in widgets) if queries else ()


def check_query(name: str, queries: Sequence[str], field: str, wrong: Findings) -> None:
    """`name` must be that of a query, or empty for the first."""
    if name and queries and name not in queries:
        choices = either(shown(one) for one in queries)
        wrong.add(field, f"{field} must be the name of a query, {choices}, not {shown(name)}.")


def check_distinct(names: Iterable[str], field: str, wrong: Findings) -> None:
    """No column may be named twice in the list `field`."""
    seen: set[str] = set()
    for index, name in enumerate(names):
        if name in seen:
            at = f"{field}[{index}]"
            wrong.add(at, f"{at} must name another column than the entries before it, not {shown(name)} again.")
        seen.add(name)


def _check_kind(widget: Widget, field: str, wrong: Findings) -> None:
    usual = Widget()
    for name, kinds in MEANT_FOR.items():
        if widget.kind not in kinds and getattr(widget, name) != getattr(usual, name):
            meant = either(kinds)
            wrong.add(f"{field}.{name}", f"{field}.{name} says nothing about a {widget.kind}; it is for {meant} only.")
    if widget.kind == "pie" and len(widget.series) > 1:
        wrong.add(f"{field}.series", f"{field}.series must name one column for a pie, not {len(widget.series)}.")
    if widget.x and widget.x in widget.series:
        wrong.add(f"{field}.series", f"{field}.series must not hold {shown(widget.x)}, which is the column of x.")


def _check_columns(widget: Widget, field: str, wrong: Findings) -> None:
    lists: Mapping[str, Collection[str]] = {
        "columns": [one.column for one in widget.columns],
        "sort": [one.column for one in widget.sort],
        "group_by": widget.group_by,
        "series": widget.series,
    }
    for name, columns in lists.items():
        check_distinct(columns, f"{field}.{name}", wrong)
    _check_format(widget.format, f"{field}.format", wrong)
    for index, column in enumerate(widget.columns):
        _check_format(column.format, f"{field}.columns[{index}].format", wrong)
        for number, rule in enumerate(column.rules):
            if rule.text is None and rule.paper is None:
                at = f"{field}.columns[{index}].rules[{number}]"
                wrong.add(at, f"{at} must have a colour, text or paper or both.")


def _check_format(words: str, field: str, wrong: Findings) -> None:
    if _LIKE_A_WORD.fullmatch(words) and not _FORMAT.fullmatch(words):
        right = "integer, decimal:2, percent:1, currency:EUR, date, datetime, time, text or an Excel number format"
        wrong.add(field, f"{field} must be {right}, not {shown(words)}.")
