"""Colours that follow from values, as conditional formats that Excel goes on keeping when somebody edits a cell."""

from __future__ import annotations

from datetime import UTC, datetime

from xlsxwriter.utility import xl_rowcol_to_cell
from xlsxwriter.worksheet import Worksheet

from libs.common.look import ColourRule
from services.generator.parts import ShownColumn
from services.generator.render.xlsx.styles import Styles

_MOMENTS = ("date", "timestamp", "instant")
_OPERATORS = {"!=": "<>"}


def add_rules(sheet: Worksheet, shown: ShownColumn, index: int, first: int, last: int, styles: Styles) -> None:
    """Colour the cells of one column from row `first` to row `last` (from 0). The first rule that fits counts."""
    cell = xl_rowcol_to_cell(first, index, col_abs=True)
    for rule in shown.rules:
        condition = _condition(rule, cell, shown)
        properties = {"font_color": rule.text, "bg_color": rule.paper}
        style = styles.of(**{name: value for name, value in properties.items() if value is not None})
        if condition is not None:
            options = {"type": "formula", "criteria": condition, "format": style, "stop_if_true": True}
            sheet.conditional_format(first, index, last, index, options)


def _condition(rule: ColourRule, cell: str, shown: ShownColumn) -> str | None:
    """A formula that is true of a cell that the rule colours; None if it can be true of none.

    Only like is compared with like: Excel holds any text to be greater than any number, and an empty cell to be 0.
    """
    value, operator = rule.value, _OPERATORS.get(rule.when, rule.when)
    if isinstance(value, str) and shown.column.kind in _MOMENTS:
        serial = _serial(value)
        return None if serial is None else f"=AND(ISNUMBER({cell}),{cell}{operator}{serial!r})"
    if isinstance(value, str):
        text = '"' + value.replace('"', '""') + '"'
        if rule.when in ("=", "!="):
            same = f"EXACT({cell},{text})"
            return f"=AND(ISTEXT({cell}),{same if rule.when == '=' else f'NOT({same})'})"
        return f"=AND(ISTEXT({cell}),{cell}{operator}{text})"
    return f"=AND(ISNUMBER({cell}),{cell}{operator}{value!r})"


def _serial(text: str) -> float | None:
    """Excel's number for an ISO 8601 date or time; without a zone it is in UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - datetime(1899, 12, 30, tzinfo=UTC)).total_seconds() / 86_400
