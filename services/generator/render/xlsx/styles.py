"""The looks of a workbook."""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from services.generator.answers import Column
from services.generator.columns.kinds import RIGHT_ALIGNED
from services.generator.render.xlsx.cells import number_format

INK, ACCENT, MUTED, WARNING = "#1B2733", "#1F4E79", "#5B6B7B", "#8A5A00"


@dataclass(frozen=True)
class Styles:
    """The formats of one workbook."""

    header: Format
    header_right: Format
    warning: Format
    title: Format
    muted: Format
    label: Format
    wrapped: Format
    count: Format

    @classmethod
    def of(cls, book: Workbook) -> Styles:
        """The formats, made known to `book`."""
        header = {"bold": True, "font_color": "#FFFFFF", "bg_color": ACCENT, "valign": "vcenter"}
        return cls(
            header=book.add_format(header),
            header_right=book.add_format({**header, "align": "right", "indent": 2}),
            warning=book.add_format({"bold": True, "font_color": WARNING, "bg_color": "#FFF4D6", "valign": "vcenter"}),
            title=book.add_format({"bold": True, "font_size": 16, "font_color": INK}),
            muted=book.add_format({"font_color": MUTED, "valign": "top"}),
            label=book.add_format({"bold": True, "font_color": INK, "valign": "top"}),
            wrapped=book.add_format({"text_wrap": True, "valign": "top"}),
            count=book.add_format({"num_format": "#,##0", "valign": "top", "align": "left"}),
        )


def column_format(book: Workbook, column: Column) -> Format | None:
    """The format of a column's cells, or None where Excel's own is right."""
    properties: dict[str, object] = {}
    if (numbers := number_format(column)) is not None:
        properties["num_format"] = numbers
    if column.kind in RIGHT_ALIGNED:
        properties["align"] = "right"  # a number that had to become text stands where numbers stand
    return book.add_format(properties) if properties else None


def column_width(column: Column) -> float:
    """The width in characters: what the values and the heading need, within reason."""
    longest = max((len(line) for line in column.longest.splitlines()), default=0)
    if column.kind in ("number", "numeric"):
        longest = column.whole + column.whole // 3 + min(column.decimals, 15) + 1
    if column.kind in ("timestamp", "instant"):
        longest = 19 + 4 * column.has_fraction
    heading = len(column.heading) * 1.1 + 3  # bold, and the filter's button covers its end
    return min(max(longest + 1.5, heading, 6), 60)
