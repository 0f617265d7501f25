"""Pages: what is on each of them whatever the table, and a canvas that keeps finished pages small."""

from __future__ import annotations

import zlib
from pathlib import Path

from reportlab.lib.colors import Color, HexColor
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

from services.generator.render.pdf.fonts import BOLD, REGULAR, Missing, Ruler
from services.generator.render.pdf.layout import MARGIN, Size
from services.generator.render.pdf.pen import Pen

INK, MUTED, ACCENT = HexColor("#1B2733"), HexColor("#5B6B7B"), HexColor("#1F4E79")
ZEBRA, RULE, WARNING, WARNING_PAPER = HexColor("#F3F6F9"), HexColor("#C9D3DD"), HexColor("#7A4F00"), HexColor("#FFF4D6")

_TOTAL = "number-of-pages"
_FOOTER_SIZE = 7.5


class Pages:
    """A PDF that is being drawn from top to bottom; `y` is the height in points at which there is still room."""

    def __init__(
        self, path: Path, title: str, subject: str, footer: str, missing: Missing, expected_pages: int
    ) -> None:
        self.regular, self.bold = Ruler(REGULAR, missing), Ruler(BOLD, missing)
        self.missing = missing
        self.canvas = _SmallCanvas(str(path), pageCompression=1, initialFontName=REGULAR)
        self.canvas.setTitle(title)
        self.canvas.setSubject(subject)
        self.canvas.setAuthor("Pressroom")
        self.canvas.setCreator("Pressroom")
        self.pen = Pen(self.canvas, REGULAR, self.regular, missing)
        self.paper: Size = (0.0, 0.0)
        self.y = 0.0
        self.number = 0
        self._title = title
        self._footer = footer
        self._total_width = self.regular.width(f"of {expected_pages:,}", _FOOTER_SIZE)

    @property
    def bottom(self) -> float:
        """The height below which only the footer may stand."""
        return MARGIN + 14

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.paper[0] - 2 * MARGIN

    def turn(self, paper: Size) -> None:
        """End the page, if there is one, and begin the next."""
        if self.number:
            self.canvas.showPage()
        self.number += 1
        self.paper = paper
        self.canvas.setPageSize(paper)
        self.y = paper[1] - MARGIN
        self._draw_footer()
        if self.number > 1:
            self._draw_running_head()

    def text(self, x: float, y: float, text: str, size: float, color: Color = INK, font: str = REGULAR) -> None:
        """One line of text whose baseline begins at (x, y)."""
        self.canvas.setFillColor(color)
        self.canvas.setFont(font, size)
        (self.bold if font == BOLD else self.regular).width(text, size)
        self.canvas.drawString(x, y, self.missing.drawable(text))

    def rule(self, y: float, color: Color = RULE, thickness: float = 0.5) -> None:
        """A line across the page."""
        self.canvas.setStrokeColor(color)
        self.canvas.setLineWidth(thickness)
        self.canvas.line(MARGIN, y, self.paper[0] - MARGIN, y)

    def save(self) -> None:
        """Write the file."""
        self.canvas.showPage()
        # Every page refers to this form, which could not be drawn before the last page was.
        total = f"of {self.number:,}"
        self.canvas.beginForm(_TOTAL, -60, -5, 60, 20)
        self.text(self._total_width - self.regular.width(total, _FOOTER_SIZE), 0, total, _FOOTER_SIZE, MUTED)
        self.canvas.endForm()
        self.canvas.save()

    def _draw_footer(self) -> None:
        y = MARGIN - 8
        self.rule(y + 12)
        self.text(MARGIN, y, self._footer, _FOOTER_SIZE, MUTED)
        page = f"Page {self.number:,} "
        x = self.paper[0] - MARGIN - self._total_width
        self.text(x - self.regular.width(page, _FOOTER_SIZE), y, page, _FOOTER_SIZE, MUTED)
        self.canvas.saveState()
        self.canvas.translate(x, y)
        self.canvas.doForm(_TOTAL)
        self.canvas.restoreState()

    def _draw_running_head(self) -> None:
        self.text(MARGIN, self.y - 6, self._title, 8, MUTED, BOLD)
        self.y -= 18


class _SmallCanvas(Canvas):  # type: ignore[misc]
    """reportlab keeps each page's drawing as text until the file is saved; this compresses it when the page ends."""

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        super().showPage()
        page = self._doc.Pages.pages[-1]
        drawing = zlib.compress(page.stream.encode("latin-1"), 6)
        encoded = pdfdoc.PDFDictionary({"Filter": pdfdoc.PDFName("FlateDecode")})
        page.Contents = pdfdoc.PDFStream(encoded, drawing)
        page.stream = None
