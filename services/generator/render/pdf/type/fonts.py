"""The fonts of one document: sets words in them, and embeds what was used."""

from __future__ import annotations

from reportlab.pdfbase.pdfdoc import PDFDocument, PDFObjectReference

from services.generator.render.pdf.type.embed import Used, embed
from services.generator.render.pdf.type.faces import BOLD, REGULAR, Face, opened
from services.generator.render.pdf.type.typeset import cleaned, face_of, is_simple, typeset
from services.generator.render.pdf.type.word import SUBSTITUTE, Glyph, Run, Word

_MOST_REMEMBERED = 4_000


class Pen:
    """Sets words in one weight. `font` is the name under which the pages know its first typeface."""

    def __init__(self, font: str, is_bold: bool, fonts: Fonts) -> None:
        face = opened((BOLD if is_bold else REGULAR)[0])
        assert face is not None, "the package font-roboto is missing"
        self.font = font
        self.face = face
        self._is_bold = is_bold
        self._fonts = fonts
        self._words: dict[str, Word] = {}
        self.widths = Widths(face)
        self._simple = _SimpleWidths(is_bold)

    def word(self, text: str) -> Word:
        """`text`, which is one line, ready to be written."""
        word = self._words.get(text)
        if word is None:
            if len(self._words) >= _MOST_REMEMBERED:
                self._words.clear()
            word = self._words[text] = self._set(text)
        return word

    def width(self, text: str, size: float) -> float:
        """The width of one line of text, in points."""
        for widths in (self.widths, self._simple):
            try:
                return sum(map(widths.__getitem__, text)) * size
            except KeyError:
                continue
        return self.word(text).width * size

    def _set(self, text: str) -> Word:
        try:
            width = sum(map(self.widths.__getitem__, text))
        except KeyError:
            return self._typeset(cleaned(text))
        return Word(width, plain=text)

    def _typeset(self, text: str) -> Word:
        shaped = typeset(text, self._is_bold, self._fonts.missing)
        runs, width = [], 0.0
        for part in shaped:
            used = self._fonts.used(part.face)
            glyphs = []
            for number, advance, right, up, stands_for in part.glyphs:
                used.add(number, stands_for)
                glyphs.append(Glyph(number, advance, part.face.advance(number), right, up))
                width += advance
            runs.append(Run(used.glyph_font, tuple(glyphs)))
        is_rearranged = any(part.is_rearranged for part in shaped)
        return Word(width / 1000, runs=tuple(runs), logical=text if is_rearranged else "")


class Widths(dict[str, float]):
    """Widths at size 1 of the characters that are written in Windows-1252; a KeyError for any other.

    It fills as texts are measured, so in the end it has all characters that were written.
    """

    def __init__(self, face: Face) -> None:
        super().__init__()
        self._face = face

    def __missing__(self, character: str) -> float:
        glyph = None
        is_drawable = character.isprintable() or character == "\xa0"
        if is_drawable and len(character.encode("cp1252", "ignore")) == 1:
            glyph = self._face.glyph(ord(character))
        if glyph is None:
            raise KeyError(character)
        width = self[character] = self._face.advance(glyph) / 1000
        return width


class _SimpleWidths(dict[str, float]):
    """Widths at size 1 of the characters that stand side by side as they are; a KeyError for any other."""

    def __init__(self, is_bold: bool) -> None:
        super().__init__()
        self._is_bold = is_bold

    def __missing__(self, character: str) -> float:
        face = face_of(character, self._is_bold) if is_simple(character) else None
        glyph = face.glyph(ord(character)) if face is not None else None
        if face is None or glyph is None:
            raise KeyError(character)
        width = self[character] = face.advance(glyph) / 1000
        return width


class Fonts:
    """All fonts of a document."""

    def __init__(self) -> None:
        self._used: dict[Face, Used] = {}
        self.strange: set[str] = set()
        """Characters that were drawn as SUBSTITUTE."""
        self.regular = Pen("R", is_bold=False, fonts=self)
        self.bold = Pen("B", is_bold=True, fonts=self)

    def used(self, face: Face) -> Used:
        """What is used of a face."""
        used = self._used.get(face)
        if used is None:
            used = self._used[face] = Used(face, f"G{len(self._used)}")
        return used

    def missing(self, character: str) -> str:
        """Note a character that no face has; what is drawn instead of it."""
        if character.isspace():
            return " "
        self.strange.add(character)
        return SUBSTITUTE

    def embed(self, document: PDFDocument) -> dict[str, PDFObjectReference]:
        """Put the used parts of the faces into the document; the fonts by their names on the pages."""
        fonts: dict[str, PDFObjectReference] = {}
        plain = {pen.face: pen for pen in (self.regular, self.bold)}
        for face in plain:
            self.used(face)
        for face, used in self._used.items():
            pen = plain.get(face)
            fonts |= embed(document, used) if pen is None else embed(document, used, pen.font, set(pen.widths))
        return fonts
