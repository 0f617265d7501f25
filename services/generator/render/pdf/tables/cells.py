"""Cells, written so that each different text of a column is prepared only once.

A table says the same words again and again. The operators of a cell move from the left edge of the column before to
its own, so that a row is the operators of its cells, one after another.
"""

from __future__ import annotations

from dataclasses import dataclass

from libs.common.look import Align
from services.generator.render.pdf.ink import INK, rgb
from services.generator.render.pdf.type import Word
from services.generator.render.pdf.type.fonts import Pen
from services.generator.render.pdf.type.word import escaped
from services.generator.render.pdf.wrap import ELLIPSIS, wrap

MAX_LINES = 4
"""A cell shows at most this many lines of its text."""

_MOST_CHARACTERS = 4_000
"""More than MAX_LINES of the widest column can show."""

_LONGEST_WORD = 200
"""A text with more characters than this is wider than any column."""

_MOST_REMEMBERED = 4_000


class Tall(str):
    """The operators of a cell with several lines."""

    __slots__ = ("lines",)
    lines: int


@dataclass(frozen=True)
class Place:
    """Where the cells of a column stand: `step` points to the right of the left edge of the column before."""

    step: float
    room: float
    align: Align
    size: float
    line: float


class Cells(dict[str, str]):
    """The cells of one column in one colour: operators for each text."""

    def __init__(self, place: Place, pen: Pen, colour: str = INK, most_lines: int = MAX_LINES) -> None:
        super().__init__()
        self._place = place
        self._pen = pen
        self._most_lines = most_lines
        self._widths = pen.widths.__getitem__
        self._unit = 1000 / place.size
        self._move = f"{place.step:g} 0 Td " if place.step else ""
        self._before = f"{rgb(colour)} rg " if colour != INK else ""
        self._after = f" {rgb(INK)} rg" if colour != INK else ""
        self.has_tall = False
        """Whether any cell so far has several lines."""
        self.has_cut = False
        """Whether any text so far was too long for its cell."""

    def __missing__(self, text: str) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        code = self[text] = self._code(text)
        return code

    def _code(self, text: str) -> str:
        if not text:
            return self._move
        place = self._place
        try:  # most cells are one line of Latin letters and figures: the rest of this class in one step
            width = sum(map(self._widths, text)) * place.size
        except KeyError:
            # The narrow space within French figures is the only thing that keeps them from being simple.
            wider = text.replace("\u202f", "\xa0")
            return self._any_code(text) if wider == text else self[wider]
        if width > place.room + 0.01:
            return self._any_code(text)
        if place.align == "left":
            return f"{self._move}{self._before}({escaped(text)})Tj{self._after}\n"
        spare = place.room - width
        shift = spare if place.align == "right" else spare / 2
        return f"{self._move}{self._before}[{-shift * self._unit:.0f}({escaped(text)})]TJ{self._after}\n"

    def _any_code(self, text: str) -> str:
        place, pen = self._place, self._pen
        if len(text) <= _LONGEST_WORD and "\n" not in text:
            word = pen.word(text)
            if word.width * place.size <= place.room + 0.01:
                return f"{self._move}{self._before}{self._line(word)}{self._after}\n"
        lines = wrap(text[:_MOST_CHARACTERS], pen, place.size, place.room, self._most_lines)
        self.has_cut = self.has_cut or (lines[-1].endswith(ELLIPSIS) and not text.rstrip().endswith(ELLIPSIS))
        code = f" 0 {-place.line:g} Td ".join(self._line(pen.word(line)) for line in lines)
        if len(lines) == 1:
            return f"{self._move}{self._before}{code}{self._after}\n"
        back = f" 0 {(len(lines) - 1) * place.line:g} Td"
        tall = Tall(f"{self._move}{self._before}{code}{back}{self._after}\n")
        tall.lines = len(lines)
        self.has_tall = True
        return tall

    def _line(self, word: Word) -> str:
        place = self._place
        code = word.code(self._pen.font, place.size)
        if place.align == "left":
            return code
        spare = place.room - word.width * place.size
        shift = spare if place.align == "right" else spare / 2
        if word.runs:
            return f"{shift:.2f} 0 Td {code} {-shift:.2f} 0 Td"
        return f"[{-shift * self._unit:.0f}{code[:-2]}]TJ"
