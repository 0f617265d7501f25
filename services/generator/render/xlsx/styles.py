"""The looks of a workbook."""

from __future__ import annotations

from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.format import Format

from services.generator.parts import ShownColumn
from services.generator.parts.writing.numbers import SHOWN_DECIMALS, is_rounded
from services.generator.render.xlsx.cells import EXACT_DIGITS
from services.generator.render.xlsx.codes import Codes

INK, MUTED, WARNING, GOOD, BAD = "#1B2733", "#5B6B7B", "#8A5A00", "#1E7B34", "#B3261E"
WARNING_PAPER = "#FFF4D6"

Properties = dict[str, Any]


class Styles:
    """Makes the formats of one workbook, each once."""

    def __init__(self, book: Workbook, accent: str, codes: Codes) -> None:
        self.codes = codes
        self.accent = accent
        self.tint = tinted(accent, 0.88)
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def of(self, **properties: Any) -> Format:
        """The format with these properties of XlsxWriter."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def header(self, shown: ShownColumn) -> Format:
        """The heading of a column, which stands as its values do."""
        properties = {"bold": True, "font_color": ink_on(self.accent), "bg_color": self.accent, "valign": "vcenter"}
        properties |= {"text_wrap": True, "align": shown.align}
        if shown.align == "right":
            properties["indent"] = 2  # the filter's button covers the end
        return self.of(**properties)

    def cell(self, shown: ShownColumn) -> Format:
        """The values of a column. A number that had to become text stands where numbers stand."""
        return self.of(**_value(shown, self._code(shown)))

    def heading(self, level: int) -> Format:
        """The line above a group; the outermost level is 0."""
        paper = self.tint if level == 0 else tinted(self.accent, 0.94)
        return self.of(bold=True, font_color=INK, bg_color=paper, indent=level)

    def subtotal(self, shown: ShownColumn, level: int) -> Format:
        """The line below a group."""
        return self.of(
            **_total(shown, self._code(shown)),
            bold=True,
            font_color=INK,
            top=1,
            top_color=tinted(self.accent, 0.5 + level / 10),
        )

    def total(self, shown: ShownColumn) -> Format:
        """The last line of a table."""
        return self.of(
            **_total(shown, self._code(shown)),
            bold=True,
            font_color=INK,
            bg_color=self.tint,
            top=2,
            top_color=self.accent,
        )

    def width(self, shown: ShownColumn) -> float:
        """A column's width in characters: what was asked for, or what values and heading need, within reason."""
        if shown.width is not None:
            return shown.width
        heading = max((len(line) for line in shown.label.splitlines()), default=0) * 1.1 + 3  # bold, and a button
        padding = 2.5 if shown.align == "right" else 1.5
        return min(max(_longest(shown, self._code(shown)) + padding, heading, 6), 60)

    def _code(self, shown: ShownColumn) -> str | None:
        return self.codes.of(shown.column, shown.format)

    @property
    def title(self) -> Format:
        """What a sheet is called."""
        return self.of(bold=True, font_size=18, font_color=self.accent, valign="vcenter")

    @property
    def muted(self) -> Format:
        """What is said beside."""
        return self.of(font_color=MUTED, valign="top")

    @property
    def label(self) -> Format:
        """The name of a fact."""
        return self.of(bold=True, font_color=INK, valign="top")

    @property
    def wrapped(self) -> Format:
        """A text of several lines."""
        return self.of(text_wrap=True, valign="top", align="left")

    @property
    def warning(self) -> Format:
        """What must be seen before the data."""
        return self.of(bold=True, font_color=WARNING, bg_color=WARNING_PAPER, valign="vcenter")

    @property
    def failure(self) -> Format:
        """What could not be drawn."""
        return self.of(font_color=BAD, text_wrap=True, valign="top", align="left")


def _value(shown: ShownColumn, numbers: str | None) -> Properties:
    properties: Properties = {} if numbers is None else {"num_format": numbers}
    if shown.align == "right":
        properties |= {"align": "right", "indent": 1}  # or its digits touch the text of the next column
    elif shown.align == "center":
        properties["align"] = "center"
    elif shown.column.kind not in ("text", "empty", "binary"):
        properties["align"] = "left"
    return properties


def _total(shown: ShownColumn, numbers: str | None) -> Properties:
    properties = _value(shown, numbers)
    if shown.total == "count" or (shown.column.kind == "integer" and shown.format is None):
        properties["num_format"] = "#,##0"
    elif shown.total == "average" and shown.format is None:
        properties["num_format"] = "#,##0.00##"
    return properties


def tinted(colour: str, share: float) -> str:
    """`colour` (like #1F4E79) mixed with white, which makes up this share."""
    parts = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * share):02X}" for part in parts)


def ink_on(colour: str) -> str:
    """White or dark letters: whichever can be read on `colour`."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return "#FFFFFF" if 0.299 * red + 0.587 * green + 0.114 * blue < 160 else INK


def _longest(shown: ShownColumn, code: str | None) -> int:
    column = shown.column
    longest = max((len(line) for line in column.longest.splitlines()), default=0)
    if column.kind in ("date", "time", "timestamp", "instant"):
        return max(longest, len((code or "").replace('"', "")))
    if shown.format is not None and shown.format.kind in ("decimal", "currency", "percent", "integer"):
        digits = column.whole or longest
        return (
            digits
            + digits // 3
            + (shown.format.decimals or 0)
            + {"currency": 6, "percent": 4}.get(shown.format.kind, 1)
        )
    if column.kind in ("number", "numeric"):
        decimals = SHOWN_DECIMALS if is_rounded(column) else min(column.decimals, EXACT_DIGITS + 2)
        longest = column.whole + column.whole // 3 + decimals + 1
    return longest + (3 if shown.total else 0)
