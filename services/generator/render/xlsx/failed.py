"""What stands in the place of a widget that could not be drawn."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.worksheet import Worksheet

from services.generator.parts import FailedPart
from services.generator.render.xlsx.paper import Paper
from services.generator.render.xlsx.put import put_text
from services.generator.render.xlsx.styles import Styles


def write_failed(sheet: Worksheet, part: FailedPart, banners: Sequence[str], styles: Styles, paper: Paper) -> None:
    """Fill `sheet`, which is still empty."""
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 90)
    paper.set(sheet, 90)
    row = write_heading(sheet, part.title, banners, styles)
    put_text(sheet, row, 0, part.reason, styles.muted if part.no_rows else styles.failure)


def write_heading(sheet: Worksheet, title: str, banners: Sequence[str], styles: Styles) -> int:
    """The title of a sheet that is no table, with banners below it. The first row that is free, from 0."""
    sheet.set_row(0, 28)
    put_text(sheet, 0, 0, title, styles.title)
    for row, banner in enumerate(banners, 1):
        put_text(sheet, row, 0, banner, styles.warning)
    return len(banners) + 2
