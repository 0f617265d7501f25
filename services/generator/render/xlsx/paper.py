"""How sheets come out of a printer."""

from __future__ import annotations

from dataclasses import dataclass

from xlsxwriter.worksheet import Worksheet

from services.generator.render.report import Report

_PAPERS = {"A4": 9, "A3": 8, "letter": 1, "legal": 5, "auto": 9}
_UPRIGHT, _WIDE = 90, 220
"""Characters that are readable on an upright page, and on A4."""


@dataclass(frozen=True)
class Paper:
    """The paper of a report."""

    report: Report

    def set(self, sheet: Worksheet, width: float, header: int | None = None, pages: int = 0) -> None:
        """Fit a sheet of `width` characters to the page's width; row `header` (from 0) is repeated on each page.

        With `pages`, it is fitted to so many pages.
        """
        look = self.report.look
        sheet.set_paper(_PAPERS["A3" if look.page == "auto" and width > _WIDE else look.page])
        if look.orientation == "landscape" or (look.orientation == "auto" and width > _UPRIGHT):
            sheet.set_landscape()
        sheet.fit_to_pages(1, pages)
        if header is not None:
            sheet.repeat_rows(header)
        title = self.report.title.replace("&", "&&")[:120]
        sheet.set_footer(f"&L&8{title}&R&8Page &P of &N")
