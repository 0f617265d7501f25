"""The typeface of the PDFs: Roboto, embedded; it has Latin, Greek and Cyrillic, and figures of one width."""

from __future__ import annotations

from functools import cache
from importlib.resources import as_file, files

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

REGULAR, BOLD = "Roboto", "Roboto-Medium"
_FILES = {REGULAR: "Roboto-Regular.ttf", BOLD: "Roboto-Medium.ttf"}


@cache
def register() -> None:
    """Make the fonts known to reportlab; once in a process is enough."""
    for name, file in _FILES.items():
        with as_file(files("font_roboto") / "files" / file) as path:
            pdfmetrics.registerFont(TTFont(name, str(path)))


SUBSTITUTE = "◊"
"""Stands for a character that the fonts do not have."""


class Missing(dict[int, str]):
    """The characters met so far that the fonts do not have; `str.translate` puts SUBSTITUTE in their place."""

    def drawable(self, text: str) -> str:
        """`text`, once it was measured, as it can be drawn."""
        return text.translate(self) if self else text


class Ruler(dict[str, float]):
    """Measures text in one font, and remembers the characters that the font cannot draw."""

    def __init__(self, font: str, missing: Missing) -> None:
        super().__init__()
        register()
        self._face = pdfmetrics.getFont(font).face
        self._missing = missing

    def __missing__(self, character: str) -> float:
        code = ord(character)
        if code not in self._face.charToGlyph:
            self._missing[code] = " " if character.isspace() else SUBSTITUTE
        width = self[character] = float(self._face.getCharWidth(ord(self._missing.get(code, character)))) / 1000
        return width

    def width(self, text: str, size: float) -> float:
        """The width of one line of text, in points."""
        return sum(map(self.__getitem__, text)) * size
