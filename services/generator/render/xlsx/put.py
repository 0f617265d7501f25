"""Writes text into a sheet as text, whatever it says."""

from __future__ import annotations

from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from services.generator.render.xlsx.oddities import MAX_CHARACTERS


def put_text(sheet: Worksheet, row: int, column: int, text: str, style: Format) -> None:
    """`text` in a cell (rows and columns count from 0), cut to what a cell holds.

    Never through write(), which would read a formula or a link out of it. And XlsxWriter takes a string that begins
    with <r> and ends with </r> for its own XML, so that one gets pieces of which it has to be made.
    """
    text = text if len(text) * 2 <= MAX_CHARACTERS else text[: MAX_CHARACTERS // 2 - 1] + "…"
    if text.startswith("<r>") and text.endswith("</r>"):
        sheet.write_rich_string(row, column, text[:1], style, text[1:], style)
    else:
        sheet.write_string(row, column, text, style)
