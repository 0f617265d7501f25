"""What a report looks like: widgets, columns, brand. People write these in templates; renderers draw them."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from libs.common.values import Choice

Align = Literal["left", "center", "right"]
Total = Literal["sum", "average", "min", "max", "count"]
Comparison = Literal[">", ">=", "<", "<=", "=", "!="]
WidgetKind = Literal["table", "figure", "bar", "line", "area", "pie"]

Colour = Annotated[str, msgspec.Meta(pattern=r"^#[0-9A-Fa-f]{6}$(?!\n)", extra={"right": "a colour like #1F4E79"})]
ColumnName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Label = Annotated[str, msgspec.Meta(max_length=200)]


class ColourRule(Choice, frozen=True, kw_only=True):
    """Cells of a column whose value compares so get this colour of text or paper; the first rule that fits counts."""

    when: Comparison
    value: int | float | str
    """A text is compared with texts, and as ISO 8601 with dates; a number with numbers."""
    text: Colour | None = None
    paper: Colour | None = None


class ColumnSetting(Choice, frozen=True, kw_only=True):
    """How one column of a query is shown. What is left out follows from the column's type."""

    column: ColumnName
    label: Label = ""
    format: Annotated[str, msgspec.Meta(max_length=80)] = ""
    """`integer`, `decimal:2`, `percent:1`, `currency:EUR`, `date`, `datetime`, `time`, `text`, or an Excel number
    format such as `#,##0.00` or `dd.mm.yyyy`."""
    width: Annotated[float, msgspec.Meta(ge=2, le=100)] | None = None
    """In characters of the body's type."""
    align: Align | None = None
    total: Total | None = None
    """Shown in a last row, and in the subtotals of groups."""
    hidden: bool = False
    rules: tuple[ColourRule, ...] = ()


class Sort(Choice, frozen=True, kw_only=True):
    """One column to sort by. The source sorts, so that memory does not grow with the rows."""

    column: ColumnName
    descending: bool = False


class Widget(Choice, frozen=True, kw_only=True):
    """One part of a report, drawn from one query: a table, a key figure or a chart."""

    kind: WidgetKind = "table"
    query: str = ""
    """The name of the query; empty takes the first. Widgets may share one: it is run once."""
    title: Label = ""
    """Names the sheet or section; empty takes the query's name."""
    columns: tuple[ColumnSetting, ...] = ()
    """Table: settings of columns; those that are not named follow in the query's order, shown as their type asks."""
    sort: tuple[Sort, ...] = ()
    group_by: tuple[ColumnName, ...] = ()
    """Table: rows are kept together by these columns, each group under a heading, with subtotals."""
    value: str = ""
    """Figure: the column of the first row that holds it; empty takes the first column."""
    previous: str = ""
    """Figure: the column of the first row that holds the value of the period before."""
    better: Literal["higher", "lower"] | None = None
    """Figure: which change is good news (green), the other one is bad (red)."""
    x: str = ""
    """Chart: the column of the categories; empty takes the first column."""
    series: tuple[ColumnName, ...] = ()
    """Chart: the columns of numbers; empty takes all columns of numbers but `x`."""
    stacked: bool = False
    format: Annotated[str, msgspec.Meta(max_length=80)] = ""
    """Figure and chart: the format of the numbers, as in ColumnSetting."""
    width: Literal["half", "full"] = "full"
    """On a page; two halves in a row stand side by side."""


class Style(Choice, frozen=True, kw_only=True):
    """What people choose of the brand and the paper of a template."""

    subtitle: Annotated[str, msgspec.Meta(max_length=300)] = ""
    accent: Colour = "#1F4E79"
    page: Literal["A4", "A3", "letter", "legal", "auto"] = "auto"
    """`auto`: the smallest paper on which the widest table is readable."""
    orientation: Literal["portrait", "landscape", "auto"] = "auto"
    locale: Annotated[
        str,
        msgspec.Meta(pattern=r"^[A-Za-z]{2,3}([_-][A-Za-z0-9]+)*$(?!\n)", extra={"right": "a locale like en or de_AT"}),
    ] = "en"
    """How PDF and HTML write numbers and dates, as `de` or `en_GB`. Data formats (csv, json, …) stay neutral."""
    cover: bool = True
    """A block that says what was asked, with which parameters, when, from which source, and how many rows."""


class Look(Style, frozen=True, kw_only=True):
    """The brand and the paper of a template."""

    logo_key: str = ""
    """A PNG or JPEG in the artifact storage."""
    workbook_key: str = ""
    """An xlsx workbook in the artifact storage whose named ranges and tables are filled instead of a new workbook."""


class CsvDialect(Choice, frozen=True, kw_only=True):
    """How csv files are written (RFC 4180 where nothing is said)."""

    delimiter: Literal[",", ";", "\t", "|"] = ","
    quoting: Literal["minimal", "all"] = "minimal"
    encoding: Literal["utf-8", "utf-16", "iso-8859-1", "windows-1252"] = "utf-8"
    bom: bool = True
    """A byte order mark, by which Excel recognises UTF-8; encodings that know none have none."""
    decimal: Literal[".", ","] = "."
    header: bool = True
    null: Annotated[str, msgspec.Meta(max_length=20)] = ""
    """What stands for NULL; an empty text is always written as \"\" so that the two differ."""
    guard: bool = True
    """Text that a spreadsheet would take for a formula (= + - @, tab, carriage return) gets an apostrophe in front."""
