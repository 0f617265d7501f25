"""Writes the many texts of a table: as reportlab would, but each different text is prepared only once.

A table says the same words again and again, and reportlab's text object prepares and measures each of them anew;
that is most of the time that a long PDF takes. What is written here is what the documentation of
`reportlab.pdfbase.ttfonts` tells to write for a font that is embedded in parts.
"""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.lib.colors import Color
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfgen.canvas import Canvas

from services.generator.render.pdf.fonts import Missing, Ruler

_MOST_REMEMBERED = 20_000

_ESCAPED = [
    f"\\{chr(code)}" if chr(code) in "\\()" else chr(code) if 32 <= code < 127 else f"\\{code:03o}"
    for code in range(256)
]
"""Each byte as it stands in a PDF string."""


@dataclass(frozen=True, slots=True)
class Word:
    """A text, ready to be written: its width at size 1, and which part of the font has which of its pieces."""

    width: float
    pieces: tuple[tuple[str, str], ...]


class Pen:
    """Prepares texts in one font for one document."""

    def __init__(self, canvas: Canvas, font: str, ruler: Ruler, missing: Missing) -> None:
        self._canvas = canvas
        self._document = canvas._doc  # noqa: SLF001 - what splitString wants to know has no public name
        self._ruler = ruler
        self._missing = missing
        self._font = pdfmetrics.getFont(font)
        self._words: dict[str, Word] = {}

    def word(self, text: str) -> Word:
        """`text`, prepared."""
        word = self._words.get(text)
        if word is None:
            if len(self._words) >= _MOST_REMEMBERED:
                self._words.clear()
            word = self._words[text] = Word(self._ruler.width(text, 1), self._pieces(text))
        return word

    def _pieces(self, text: str) -> tuple[tuple[str, str], ...]:
        chunks = self._font.splitString(self._missing.drawable(text), self._document)
        return tuple(
            (
                self._font.getSubsetInternalName(subset, self._document),
                "".join([_ESCAPED[code] for code in chunk]),
            )
            for subset, chunk in chunks
        )


class Writing:
    """The texts of one page in one size and colour; `Canvas.drawText` takes it."""

    def __init__(self, size: float, color: Color) -> None:
        self._size = f"{size:g}"
        self._code = [f"BT {color.red:.4g} {color.green:.4g} {color.blue:.4g} rg"]
        self._part = ""

    def write(self, x: float, y: float, word: Word) -> None:
        """Write `word` with its baseline beginning at (x, y)."""
        self._code.append(f"1 0 0 1 {x:.2f} {y:.2f} Tm")
        for part, piece in word.pieces:
            if part != self._part:
                self._code.append(f"{part} {self._size} Tf")
                self._part = part
            self._code.append(f"({piece}) Tj")

    def getCode(self) -> str:  # noqa: N802 - the name that Canvas.drawText calls
        """The page's operators for it."""
        return "\n".join([*self._code, "ET"])
