"""Values as a PDF shows them: exact, with the digits of a column in line."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from services.generator.answers import Column
from services.generator.columns.text import as_text

SHOWN_DECIMALS = 4
"""A floating-point column with more decimals than this is rounded to it for the eye, and a note says so."""


def is_rounded(column: Column) -> bool:
    """Whether the column shows fewer decimals than it has. Exact decimals (NUMERIC) never do."""
    return column.kind == "number" and column.decimals > SHOWN_DECIMALS and (column.smallest or 0) >= 0.0005


def longest_figure(column: Column) -> str:
    """The longest text that a cell of the column can show."""
    if column.kind == "number":
        decimals = SHOWN_DECIMALS if is_rounded(column) else column.decimals
        return "0" * column.whole + ("." + "0" * decimals if decimals else "")
    if column.kind == "instant":
        return column.longest.removesuffix("+00:00")
    return column.longest


def shown(array: pa.Array, column: Column) -> list[str]:
    """The column's values as text; NULL is empty."""
    if column.kind == "number":
        return _numbers(array, column)
    if column.kind == "empty":
        return [""] * len(array)
    return _filled(as_text(array, column.kind, with_zone=False))


def _numbers(array: pa.Array, column: Column) -> list[str]:
    decimals = SHOWN_DECIMALS if is_rounded(column) else column.decimals
    texts = _filled(as_text(array, "number"))
    if decimals > SHOWN_DECIMALS or decimals == 0:
        return texts
    plain = pc.fill_null(pc.less(pc.abs(array), 1e15), False).to_pylist()  # NaN and Infinity are not less either
    values = array.to_pylist()
    return [f"{value:z.{decimals}f}" if good else text for value, text, good in zip(values, texts, plain, strict=True)]


def _filled(text: pa.StringArray) -> list[str]:
    filled: list[str] = pc.fill_null(text, "").to_pylist()
    return filled
