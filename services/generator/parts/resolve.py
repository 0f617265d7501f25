"""Turns the widgets of a template and the answers to its queries into parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from libs.common.look import Widget
from services.generator.answers import Answer
from services.generator.parts.chart import ChartPart
from services.generator.parts.failed import FailedPart
from services.generator.parts.figure import FigurePart
from services.generator.parts.make_chart import make_chart
from services.generator.parts.make_figure import make_figure
from services.generator.parts.make_table import make_table, whole_table
from services.generator.parts.table import TablePart
from services.generator.parts.unfit import Unfit


def resolve(
    widgets: Sequence[Widget], answers: Sequence[Answer], folder: Path
) -> tuple[TablePart | FigurePart | ChartPart | FailedPart, ...]:
    """One part for each widget; without widgets a table of each answer. Sorted copies are kept under `folder`.

    A widget that does not fit its answer is a FailedPart: the others go on.
    """
    if not widgets:
        return tuple(whole_table(answer) for answer in answers)
    return tuple(_part(widget, answers, folder) for widget in widgets)


def _part(widget: Widget, answers: Sequence[Answer], folder: Path) -> TablePart | FigurePart | ChartPart | FailedPart:
    try:
        answer = _answer(widget, answers)
        if widget.kind == "table":
            return make_table(widget, answer, folder)
        if widget.kind == "figure":
            return make_figure(widget, answer)
        return make_chart(widget, answer, folder)
    except Unfit as unfit:
        return FailedPart(widget.title or widget.query, unfit.reason, widget.width, unfit.no_rows)


def _answer(widget: Widget, answers: Sequence[Answer]) -> Answer:
    for answer in answers:
        if answer.name == widget.query:
            return answer
    raise Unfit(f"The template has no query '{widget.query}'.")
