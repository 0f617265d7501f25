"""Pages: what is on each of them whatever the report, drawn one after another and written out as they end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reportlab.lib.utils import ImageReader

from services.generator.render.pdf.ink import INK, MUTED, RULE, line, rgb
from services.generator.render.pdf.outline import Outline
from services.generator.render.pdf.paper_canvas import PaperCanvas
from services.generator.render.pdf.picture import read_picture
from services.generator.render.pdf.type import Fonts, Word
from services.generator.render.pdf.type.fonts import Pen
from services.generator.render.pdf.wrap import shortened, wrap

MARGIN = 40.0
"""Points of white on each side of a page."""

_FOOTER_SIZE = 7.5
_TOTAL = "number-of-pages"

Size = tuple[float, float]
"""Width and height in points."""


@dataclass(frozen=True)
class Imprint:
    """What the file says of itself. `head` stands at the top of each page but the first, `warning` beside it."""

    title: str
    subject: str
    keywords: str
    made_at: datetime
    footer: str
    head: str
    warning: str = ""


class Pages:
    """A PDF that is being drawn from top to bottom; `y` is the height in points at which there is still room."""

    def __init__(self, path: Path, fonts: Fonts, imprint: Imprint, paper: Size, expected_pages: int) -> None:
        self.fonts = fonts
        self.regular, self.bold = fonts.regular, fonts.bold
        self.paper = paper
        self.y = 0.0
        self.number = 0
        self._imprint = imprint
        self._canvas = PaperCanvas(path, imprint.made_at, fonts.embed)
        self._outline = Outline(self._canvas)
        self._total_width = self.regular.width(f"of {expected_pages:,}", _FOOTER_SIZE)

    @property
    def bottom(self) -> float:
        """The height below which only the footer may stand."""
        return MARGIN + 14

    @property
    def top(self) -> float:
        """The height at which a page begins that has a running head."""
        return self.paper[1] - MARGIN - 18

    @property
    def width(self) -> float:
        """The width between the margins."""
        return self.paper[0] - 2 * MARGIN

    def turn(self, paper: Size | None = None) -> None:
        """End the page, if there is one, and begin the next."""
        if self.number:
            self._canvas.showPage()
        self.number += 1
        self.paper = paper or self.paper
        self._canvas.setPageSize(self.paper)
        self.y = self.paper[1] - MARGIN
        self._draw_footer()
        if self.number > 1:
            self._draw_running_head()

    def need(self, height: float) -> None:
        """Turn the page where there is no room for `height` points."""
        if self.y - height < self.bottom:
            self.turn()

    def draw(self, code: str) -> None:
        """Add operators to the page."""
        self._canvas.add(code)

    def text(self, x: float, y: float, text: str, size: float, colour: str = INK, pen: Pen | None = None) -> float:
        """One line of text whose baseline begins at (x, y); where it ends."""
        pen = pen or self.regular
        word = pen.word(text)
        self._canvas.add(written(x, y, word, pen, size, colour))
        return x + word.width * size

    def text_right(self, x: float, y: float, text: str, size: float, colour: str = INK, pen: Pen | None = None) -> None:
        """One line of text that ends at x."""
        pen = pen or self.regular
        word = pen.word(text)
        self._canvas.add(written(x - word.width * size, y, word, pen, size, colour))

    def paragraph(self, text: str, size: float, most_lines: int, colour: str = INK, pen: Pen | None = None) -> None:
        """Text over the width of the page, from `y` down."""
        for row in wrap(text, pen or self.regular, size, self.width, most_lines):
            self.y -= size * 1.35
            self.text(MARGIN, self.y, row, size, colour, pen)

    @contextmanager
    def pale(self, share: float) -> Iterator[None]:
        """What is filled meanwhile lets shine through what lies below it."""
        self._canvas.saveState()
        self._canvas.setFillAlpha(share)
        yield
        self._canvas.restoreState()

    def picture(self, path: Path, x: float, y: float, most_width: float, height: float) -> float:
        """A picture that ends at x and whose lower edge is at y; how wide it is, 0 if it cannot be drawn."""
        found = read_picture(path)
        if found is None:
            return 0.0
        scale = min(height / found.height, most_width / found.width)
        width, high = found.width * scale, found.height * scale
        place = (x - width, y + (height - high) / 2)
        self._canvas.drawImage(ImageReader(found), *place, width=width, height=high, mask="auto")
        return width

    def bookmark(self, level: int, title: str, y: float) -> None:
        """Let the outline point to this height of the page."""
        self._outline.add(level, title, y)

    def save(self) -> None:
        """End the last page and write the file."""
        self._canvas.showPage()
        self._draw_total()
        told = self._imprint
        self._canvas.setTitle(told.title)
        self._canvas.setSubject(told.subject)
        self._canvas.setKeywords(told.keywords)
        for say in (self._canvas.setAuthor, self._canvas.setCreator, self._canvas.setProducer):
            say("Pressroom")
        self._canvas.setViewerPreference("DisplayDocTitle", "true")
        if self._outline.entries and self.number > 1:
            self._canvas.showOutline()
        self._canvas.save()

    def _draw_total(self) -> None:
        """Every page refers to this form, which could not be drawn before the last page was."""
        word = self.regular.word(f"of {self.number:,}")
        self._canvas.beginForm(_TOTAL, 0, 0, 60, 20)
        self.draw(written(60 - word.width * _FOOTER_SIZE, 5, word, self.regular, _FOOTER_SIZE, MUTED))
        self._canvas.endForm()

    def _draw_footer(self) -> None:
        y, right = MARGIN - 8, self.paper[0] - MARGIN
        self.draw(line((MARGIN, y + 12), (right, y + 12), RULE))
        room = self.width - 120
        self.text(MARGIN, y, shortened(self._imprint.footer, self.regular, _FOOTER_SIZE, room), _FOOTER_SIZE, MUTED)
        self.text_right(right - self._total_width, y, f"Page {self.number:,} ", _FOOTER_SIZE, MUTED)
        self._canvas.saveState()
        self._canvas.translate(right - 60, y - 5)
        self._canvas.doForm(_TOTAL)
        self._canvas.restoreState()

    def _draw_running_head(self) -> None:
        title, warning = self._imprint.head, self._imprint.warning
        used = self.regular.width(warning, 8) + 12 if warning else 0.0
        self.text(MARGIN, self.y - 6, shortened(title, self.bold, 8, self.width - used), 8, MUTED, self.bold)
        if warning:
            self.text_right(self.paper[0] - MARGIN, self.y - 6, warning, 8, "#A4262C", self.bold)
        self.y -= 18


def written(x: float, y: float, word: Word, pen: Pen, size: float, colour: str) -> str:
    """The operators of one line of text."""
    return f"BT {rgb(colour)} rg /{pen.font} {size:g} Tf 1 0 0 1 {x:.2f} {y:.2f} Tm {word.code(pen.font, size)} ET"
