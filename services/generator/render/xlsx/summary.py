"""The first sheet of a dashboard: its key figures as cards, and its charts below them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.generator.parts import ChartPart, FigurePart
from services.generator.parts.formats import NumberFormat
from services.generator.render.report import Report
from services.generator.render.xlsx.cells import is_exact
from services.generator.render.xlsx.charts import native_chart
from services.generator.render.xlsx.codes import Codes
from services.generator.render.xlsx.line import written
from services.generator.render.xlsx.logo import insert_logo
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.put import put_text
from services.generator.render.xlsx.styles import BAD, GOOD, INK, MUTED, Styles

_ACROSS = 3
_CARD, _GAP = 30, 3
"""Widths in characters."""

_CHART_WIDE, _CHART_HIGH = 340, 270
"""Pixels."""

_DAY, _MOMENT = NumberFormat("date", ""), NumberFormat("datetime", "")

_CHANGE = '"▲ "+0.0%;"▼ "-0.0%;"± "0.0%'


def write_summary(sheet: Worksheet, report: Report, figures: Sequence[FigurePart], styles: Styles, paper: Paper) -> int:
    """Fill `sheet`, which is still empty. The first row that is free, from 0."""
    sheet.hide_gridlines(2)
    paper.set(sheet, _ACROSS * (_CARD + _GAP), pages=1)
    for card in range(_ACROSS):
        sheet.set_column(2 * card, 2 * card, _CARD)
        sheet.set_column(2 * card + 1, 2 * card + 1, _GAP)
    row = _heading(sheet, report, styles)
    for number, figure in enumerate(figures):
        _card(sheet, row + 5 * (number // _ACROSS), 2 * (number % _ACROSS), figure, styles)
    return row + 5 * -(-len(figures) // _ACROSS)


def insert_charts(
    book: Workbook, sheet: Worksheet, row: int, charts: Sequence[tuple[ChartPart, str, int]], styles: Styles
) -> None:
    """The charts again, from `row` on. Each is of the numbers below a heading in a row of the sheet named with it."""
    for number, (part, name, header) in enumerate(chart for chart in charts if chart[0].categories):
        chart = native_chart(book, part, name, header, styles)
        chart.set_size({"width": _CHART_WIDE, "height": _CHART_HIGH})
        at = {"x_offset": (number % 2) * (_CHART_WIDE + 10), "y_offset": (number // 2) * (_CHART_HIGH + 10)}
        sheet.insert_chart(row, 0, chart, at | {"object_position": 3})


def _heading(sheet: Worksheet, report: Report, styles: Styles) -> int:
    sheet.set_row(0, 40 if report.logo else 30)
    put_text(sheet, 0, 0, report.title, styles.title)
    if report.logo is not None:
        insert_logo(sheet, 0, 2 * (_ACROSS - 1), report.logo)
    row = 1
    if report.look.subtitle:
        put_text(sheet, row, 0, report.look.subtitle, styles.muted)
        row += 1
    for banner in report.banners:
        for column in range(2 * _ACROSS - 1):
            sheet.write_blank(row, column, None, styles.warning)
        put_text(sheet, row, 0, banner, styles.warning)
        row += 1
    return row + 1


def _card(sheet: Worksheet, row: int, column: int, figure: FigurePart, styles: Styles) -> None:
    """Four rows: what it is, the figure, how it has changed, and from what."""
    paper = {"bg_color": styles.tint, "indent": 1, "align": "left"}
    named = styles.of(**paper, font_color=MUTED, bold=True, top=5, top_color=styles.accent, valign="vcenter")
    sheet.set_row(row, 22)
    sheet.set_row(row + 1, 34)
    put_text(sheet, row, column, figure.title, named)
    numbers = _number_format(figure.value, figure.format, styles.codes)
    large = styles.of(**paper, **numbers, font_size=22, bold=True, font_color=INK, valign="vcenter", shrink=True)
    _write(sheet, row + 1, column, figure.value, large)
    colour = {"good": GOOD, "bad": BAD}.get(figure.mood or "", MUTED)
    change = styles.of(**paper, num_format=_CHANGE, bold=True, font_color=colour)
    if figure.change is None:
        sheet.write_blank(row + 2, column, None, change)
    else:
        sheet.write_number(row + 2, column, figure.change, change)
    before = _number_format(figure.previous, figure.format, styles.codes)["num_format"]
    labelled = before if ";" in before else f'"previously "{before}'
    last = styles.of(**paper, num_format=labelled, font_color=MUTED)
    if figure.previous is None:
        sheet.write_blank(row + 3, column, None, last)
    else:
        _write(sheet, row + 3, column, figure.previous, last)


def _number_format(value: object, format_: NumberFormat | None, codes: Codes) -> dict[str, str]:
    if format_ is not None:
        return {"num_format": codes.asked(format_)}
    if isinstance(value, date):
        return {"num_format": codes.asked(_MOMENT if isinstance(value, datetime) else _DAY)}
    if isinstance(value, Decimal) and value.is_finite() and value.as_tuple().exponent < 0:  # type: ignore[operator]
        return {"num_format": "#,##0." + "0" * min(-int(value.as_tuple().exponent), 15)}
    return {"num_format": "#,##0.####" if isinstance(value, float) and value % 1 else "#,##0"}


def _write(sheet: Worksheet, row: int, column: int, value: object, style: Format) -> None:
    """The value as a number or a moment where Excel keeps all of it, else as text."""
    if value is None:
        put_text(sheet, row, column, "–", style)
    elif isinstance(value, bool):
        put_text(sheet, row, column, "yes" if value else "no", style)
    elif isinstance(value, Decimal | int | float):
        number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
        if is_exact(number) or (isinstance(value, float) and number.is_finite()):
            sheet.write_number(row, column, float(number), style)
        else:
            put_text(sheet, row, column, written(number), style)
    elif isinstance(value, date) and value.year > 1900:
        sheet.write_datetime(row, column, value.replace(tzinfo=None) if isinstance(value, datetime) else value, style)
    else:
        put_text(sheet, row, column, str(value), style)
