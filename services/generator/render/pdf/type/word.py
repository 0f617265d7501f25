"""A text that is ready to be written: set once, drawn wherever it is needed."""

from __future__ import annotations

from dataclasses import dataclass

SUBSTITUTE = "◊"
"""Stands for a character that no typeface has."""

_ESCAPES = str.maketrans({"\\": r"\\", "(": r"\(", ")": r"\)"})


def escaped(text: str) -> str:
    """`text` as it stands in a string of a PDF; it has no control characters."""
    return text.translate(_ESCAPES) if "(" in text or ")" in text or "\\" in text else text


@dataclass(frozen=True, slots=True)
class Glyph:
    """One shape of a run; lengths are thousandths of the type's size."""

    number: int
    advance: float
    """From this glyph to the next; its own width is what the file says of it."""
    width: float
    right: float = 0.0
    up: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Glyphs of one font, from left to right."""

    font: str
    glyphs: tuple[Glyph, ...]

    def code(self, size: float) -> str:
        """The operators that write it."""
        parts, pending, height = [f"/{self.font} {size:g} Tf ["], 0.0, 0.0
        for glyph in self.glyphs:
            if glyph.up != height:
                parts.append(f"] TJ {glyph.up * size / 1000:.2f} Ts [")
                height = glyph.up
            shift = pending - glyph.right
            if shift:
                parts.append(f"{shift:g} ")
            parts.append(f"<{glyph.number:04X}>")
            pending = glyph.right + glyph.width - glyph.advance
        parts.append(f"{pending:g}] TJ" if pending else "] TJ")
        if height:
            parts.append(" 0 Ts")
        return "".join(parts).replace("><", "")


@dataclass(frozen=True, slots=True)
class Word:
    """A line of text: its width at size 1, and how it is written.

    `plain` is all of it where the first typeface has it in the Latin of Windows-1252, which are most words; then
    there are no runs. `logical` is what a reader copies where glyphs alone do not tell it.
    """

    width: float
    plain: str = ""
    runs: tuple[Run, ...] = ()
    logical: str = ""

    def code(self, font: str, size: float) -> str:
        """The operators that write it where the text matrix is, in a page whose font is `font` before and after."""
        if not self.runs:
            return f"({escaped(self.plain)})Tj"
        inner = " ".join(run.code(size) for run in self.runs)
        if self.logical:
            actual = self.logical.encode("utf-16-be", "replace").hex().upper()
            inner = f"/Span <</ActualText <FEFF{actual}>>> BDC {inner} EMC"
        return f"{inner} /{font} {size:g} Tf"
