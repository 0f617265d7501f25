"""Single lines of a sheet that no query gave: headings of groups and subtotals."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache

from xlsxwriter.utility import xl_col_to_name

from services.generator.parts import ShownColumn
from services.generator.render.xlsx.cells import is_exact
from services.generator.render.xlsx.escape import text_element
from services.generator.render.xlsx.rows import Pattern, style_attribute

Content = str | Decimal | float | None


def heading_line(row: int, pattern: Pattern, text: str) -> bytes:
    """The heading of a group; `row` counts from 1."""
    return text_line(row, pattern, [text])


def text_line(row: int, pattern: Pattern, texts: Sequence[str]) -> bytes:
    """Texts side by side; `row` counts from 1."""
    return _line(row, pattern, texts)


def total_line(
    row: int, pattern: Pattern, columns: Sequence[ShownColumn], values: Sequence[Decimal | None], label: str
) -> bytes:
    """The totals of a group, under their columns; `label` stands in the first column that has none."""
    place = label_place(columns)
    contents = [_content(shown, value) for shown, value in zip(columns, values, strict=True)]
    return _line(row, pattern, [label if index == place else content for index, content in enumerate(contents)])


def label_place(columns: Sequence[ShownColumn]) -> int | None:
    """The column of a line of totals that has room for its label."""
    return next((index for index, shown in enumerate(columns) if shown.total is None), None)


def written(value: Decimal) -> str:
    """All digits of a number that Excel does not keep."""
    return format(value, "f") if value.is_finite() else {"sNaN": "NaN"}.get(str(value), str(value))


def _content(shown: ShownColumn, value: Decimal | None) -> Content:
    if value is None or is_exact(value):
        return value
    if value.is_finite() and (shown.column.kind == "number" or shown.total == "average"):
        return float(value)  # it was not exact before either
    return written(value)


def _line(row: int, pattern: Pattern, contents: Sequence[Content]) -> bytes:
    rest = [None] * (len(pattern.styles) - len(contents))
    cells = [
        _cell(f"{opening}{row}{style}", content)
        for (opening, style), content in zip(_openings(pattern), (*contents, *rest), strict=True)
    ]
    return f'<row r="{row}"{pattern.attributes}>{"".join(cells)}</row>'.encode()


@lru_cache
def _openings(pattern: Pattern) -> tuple[tuple[str, str], ...]:
    """What stands before and after the number of the row where a cell of each column begins."""
    return tuple(
        (f'<c r="{xl_col_to_name(index)}', f'"{style_attribute(style)}') for index, style in enumerate(pattern.styles)
    )


def _cell(opening: str, content: Content) -> str:
    if content is None:
        return f"{opening}/>"
    if isinstance(content, Decimal | float):
        return f"{opening}><v>{content!s}</v></c>"
    return f'{opening} t="inlineStr"><is><t{text_element(content)}</t></is></c>'
