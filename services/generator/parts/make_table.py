"""Makes a table of a widget and the answer that it shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

from libs.common.look import ColumnSetting, Widget
from services.generator.answers import Answer, Column
from services.generator.columns.kinds import RIGHT_ALIGNED, spoken
from services.generator.parts.formats import WrongFormat, read_format
from services.generator.parts.ordered import ordered
from services.generator.parts.table import ShownColumn, TablePart
from services.generator.parts.totals import Totals, can_total
from services.generator.parts.unfit import Unfit, place_of


def whole_table(answer: Answer) -> TablePart:
    """The answer as it is, without settings."""
    columns = tuple(_as_it_is(column, index) for index, column in enumerate(answer.columns))
    return TablePart(title=answer.name, answer=answer, columns=columns)


def make_table(widget: Widget, answer: Answer, folder: Path) -> TablePart:
    """The table that `widget` asks for; a sorted copy of its rows is kept under `folder`. Raises Unfit."""
    groups = tuple(dict.fromkeys(place_of(answer, name) for name in widget.group_by))
    settings = {place_of(answer, setting.column): setting for setting in widget.columns}
    columns = _columns(answer, settings)
    columns, notes = _with_fitting_totals(columns)
    rows = ordered(answer, widget.sort, groups, folder)
    return TablePart(
        title=widget.title or answer.name,
        answer=rows,
        columns=columns,
        groups=groups,
        totals=_totals(rows, columns),
        width=widget.width,
        notes=notes,
    )


def _columns(answer: Answer, settings: dict[int, ColumnSetting]) -> tuple[ShownColumn, ...]:
    order = [*settings, *(index for index in range(len(answer.columns)) if index not in settings)]
    shown = tuple(
        _as_it_is(answer.columns[index], index)
        if index not in settings
        else _as_set(answer.columns[index], index, settings[index])
        for index in order
        if index not in settings or not settings[index].hidden
    )
    if answer.columns and not shown:
        raise Unfit(f"All columns of the query '{answer.name}' are hidden.")
    return shown


def _as_it_is(column: Column, index: int) -> ShownColumn:
    return ShownColumn(
        column=column,
        index=index,
        label=column.heading,
        format=None,
        align="right" if column.kind in RIGHT_ALIGNED else "left",
        width=None,
        total=None,
        rules=(),
    )


def _as_set(column: Column, index: int, setting: ColumnSetting) -> ShownColumn:
    usual = _as_it_is(column, index)
    try:
        format_ = read_format(setting.format)
    except WrongFormat as wrong:
        raise Unfit(f"Of the column '{column.name}', {wrong}.") from wrong
    return replace(
        usual,
        label=_label(setting, column),
        format=format_,
        align=setting.align or usual.align,
        width=setting.width,
        total=setting.total,
        rules=setting.rules,
    )


def _label(setting: ColumnSetting, column: Column) -> str:
    """What the template calls the column; the zone of instants is stated all the same."""
    if not setting.label or column.kind != "instant" or "UTC" in setting.label:
        return setting.label or column.heading
    return f"{setting.label} (UTC)"


def _with_fitting_totals(columns: Sequence[ShownColumn]) -> tuple[tuple[ShownColumn, ...], tuple[str, ...]]:
    """A total that its column cannot have is left out and told: the rows are worth more."""
    fitting, notes = [], []
    for shown in columns:
        if shown.total is None or can_total(shown.column, shown.total):
            fitting.append(shown)
        else:
            fitting.append(replace(shown, total=None))
            holds = spoken(shown.column.kind)
            notes.append(f"The column '{shown.column.name}' holds {holds}, so there is no {shown.total} of it.")
    return tuple(fitting), tuple(notes)


def _totals(answer: Answer, columns: Sequence[ShownColumn]) -> tuple[Decimal | None, ...] | None:
    if all(shown.total is None for shown in columns):
        return None
    totals = Totals(columns)
    for batch in answer.batches():
        totals.add(batch)
    return totals.values()
