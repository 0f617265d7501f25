"""Charts as Excel draws them, over numbers on the same sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter import Workbook
from xlsxwriter.chart import Chart
from xlsxwriter.worksheet import Worksheet

from services.generator.parts import ChartPart
from services.generator.render.xlsx.failed import write_heading
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.put import put_text
from services.generator.render.xlsx.styles import INK, MUTED, Styles, ink_on

_TYPES = {"bar": "column", "line": "line", "area": "area", "pie": "pie"}
_COLOURS = ("#E07B39", "#3A9D8F", "#B5446E", "#7A6FAC", "#C9A227", "#5B6B7B", "#8CB369")
_FONT = {"color": MUTED, "size": 9}
_FAINT = "#E3E8ED"
_MANY = 8
"""Categories from which on their names are written at a slant."""


def write_chart(
    book: Workbook, sheet: Worksheet, part: ChartPart, banners: Sequence[str], styles: Styles, paper: Paper
) -> int:
    """Fill `sheet`, which is still empty, with the chart and its numbers. The row of their heading, from 0."""
    sheet.hide_gridlines(2)
    header = write_heading(sheet, part.title, (*banners, *part.notes), styles)
    paper.set(sheet, 100)
    if not part.categories:
        put_text(sheet, header, 0, "No rows.", styles.muted)
        return header
    _write_numbers(sheet, part, header, styles)
    chart = native_chart(book, part, sheet.get_name(), header, styles)
    chart.set_size({"width": 760, "height": 420})
    sheet.insert_chart(header, len(part.series) + 2, chart, {"object_position": 2})
    return header


def native_chart(book: Workbook, part: ChartPart, sheet: str, header: int, styles: Styles) -> Chart:
    """A chart of the numbers that `write_chart` puts below row `header` of `sheet`."""
    options = {"type": _TYPES[part.kind]}
    if part.stacked and part.kind != "pie":
        options["subtype"] = "stacked"
    chart = book.add_chart(options)
    last = header + len(part.categories)
    for index, series in enumerate(part.series[:1] if part.kind == "pie" else part.series, 1):
        column: dict[str, Any] = {
            "name": [sheet, header, index],
            "categories": [sheet, header + 1, 0, last, 0],
            "values": [sheet, header + 1, index, last, index],
        }
        chart.add_series(column | _ink(part, colours(styles.accent), index - 1, len(series.values)))
    chart.set_title({"name": part.title, "overlay": False, "name_font": {"color": INK, "size": 13, "bold": True}})
    chart.show_blanks_as("gap")
    chart.set_chartarea({"border": {"none": True}})
    _set_axes(chart, part, styles)
    return chart


def colours(accent: str) -> tuple[str, ...]:
    """The colours of series, in their order."""
    return (accent.upper(), *(colour for colour in _COLOURS if colour != accent.upper()))


def _write_numbers(sheet: Worksheet, part: ChartPart, header: int, styles: Styles) -> None:
    named = styles.of(bold=True, font_color=ink_on(styles.accent), bg_color=styles.accent)
    right = styles.of(bold=True, font_color=ink_on(styles.accent), bg_color=styles.accent, align="right")
    number = styles.of(num_format=styles.codes.asked(part.format) if part.format is not None else "#,##0.##")
    number = number if part.format is not None or not _whole(part) else styles.of(num_format="#,##0")
    text = styles.of(align="left")
    put_text(sheet, header, 0, part.x_label, named)
    sheet.set_column(0, 0, min(max([len(part.x_label), *map(len, part.categories)]) + 2.0, 40))
    for row, category in enumerate(part.categories, header + 1):
        put_text(sheet, row, 0, category, text)
    for index, series in enumerate(part.series, 1):
        put_text(sheet, header, index, series.label, right)
        sheet.set_column(index, index, min(max(len(series.label) + 3.0, 12), 30))
        for row, value in enumerate(series.values, header + 1):
            if value is not None:
                sheet.write_number(row, index, value, number)


def _whole(part: ChartPart) -> bool:
    return all(value is None or value == int(value) for series in part.series for value in series.values)


def _ink(part: ChartPart, palette: Sequence[str], index: int, points: int) -> dict[str, Any]:
    colour = palette[index % len(palette)]
    if part.kind == "line":
        return {"line": {"color": colour, "width": 2.25}, "smooth": False}
    if part.kind == "pie":
        slices = [
            {"fill": {"color": palette[point % len(palette)]}, "border": {"color": "#FFFFFF"}}
            for point in range(points)
        ]
        labels = {"percentage": True, "leader_lines": True, "position": "best_fit", "font": {"size": 9}}
        return {"points": slices, "data_labels": labels}
    return {"fill": {"color": colour}, "border": {"none": True}} | ({"gap": 60} if part.kind == "bar" else {})


def _set_axes(chart: Chart, part: ChartPart, styles: Styles) -> None:
    if part.kind == "pie":
        chart.set_legend({"position": "right", "font": _FONT})
        return
    chart.set_legend({"none": True} if len(part.series) == 1 else {"position": "bottom", "font": _FONT})
    slanted = {"rotation": -45} if len(part.categories) > _MANY else {}
    interval = {"interval_unit": -(-len(part.categories) // 30)} if len(part.categories) > 30 else {}
    chart.set_x_axis(
        {
            "name": part.x_label,
            "name_font": _FONT | {"bold": False},
            "num_font": _FONT | slanted,
            "line": {"color": _FAINT},
        }
        | {"label_position": "low"}
        | interval
    )
    numbers = (
        {"num_format": styles.codes.asked(part.format)}
        if part.format is not None
        else {"num_format": "#,##0.##" if not _whole(part) else "#,##0"}
    )
    chart.set_y_axis(
        {"num_font": _FONT, "major_gridlines": {"visible": True, "line": {"color": _FAINT}}, "line": {"none": True}}
        | numbers
    )
