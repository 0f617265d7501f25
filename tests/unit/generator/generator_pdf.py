"""Draws PDFs and reads them back."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from generator_content import quiet, report
from pypdf import PageObject, PdfReader
from pypdf.generic import ContentStream

from services.generator.answers import Answer
from services.generator.render import Drawing, Report
from services.generator.render.pdf import draw_pdf


def drawn(folder: Path, what: Report | Answer, progress: Callable[[int], None] = quiet, **how: Any) -> Drawing:
    """The report, or the answer as a report, as a PDF."""
    whole = what if isinstance(what, Report) else report(what)
    (drawing,) = draw_pdf(whole, folder, progress, **how)
    return drawing


def opened(folder: Path, what: Report | Answer, **how: Any) -> tuple[PdfReader, tuple[str, ...]]:
    """The PDF, opened, and its notes."""
    drawing = drawn(folder, what, **how)
    return PdfReader(drawing.path), drawing.notes


def lines(page: PageObject) -> list[str]:
    """Each text that the page draws, in the order in which it does."""
    return [text for text, _ in _drawn(page)]


def placed(page: PageObject) -> dict[str, tuple[float, float]]:
    """Each text that the page draws, with where it begins, in points from the lower left corner."""
    return dict(_drawn(page))


def font_names(page: PageObject) -> dict[str, bool]:
    """The fonts that the page may use, and whether the file carries them."""
    found = {}
    for reference in page["/Resources"]["/Font"].values():  # type: ignore[index]
        font = reference.get_object()
        holder = font["/DescendantFonts"][0].get_object() if "/DescendantFonts" in font else font
        found[str(font["/BaseFont"])] = "/FontFile2" in holder["/FontDescriptor"].get_object()
    return found


def _drawn(page: PageObject) -> list[tuple[str, tuple[float, float]]]:
    """What the page's operators write and where, read as ISO 32000-1, 9.4 tells."""
    reader = _Reader(page["/Resources"], page.pdf)
    reader.read(page.get_contents())
    return [(text.strip(), at) for text, at in reader.found if text.strip()]


class _Reader:
    """Follows those operators of a page that matter for where text stands."""

    def __init__(self, resources: Any, pdf: Any) -> None:
        self.found: list[tuple[str, tuple[float, float]]] = []
        self._pdf = pdf
        self._objects = resources["/XObject"]
        self._fonts = {name: _Font(font.get_object()) for name, font in resources["/Font"].items()}
        self._font, self._size = next(iter(self._fonts.values())), 1.0
        self._x = self._y = 0.0
        self._origin = (0.0, 0.0)
        self._goes_on = False
        self._is_told = False

    def read(self, stream: Any) -> None:
        steps = {
            b"cm": self._shift,
            b"Q": self._restore,
            b"Do": self._form,
            b"Tf": self._font_is,
            b"Tm": self._place,
            b"Td": self._move,
            b"BDC": self._begin_told,
            b"EMC": self._end_told,
            b"Tj": self._show,
            b"TJ": self._show,
        }
        for operands, operator in ContentStream(stream, self._pdf).operations:
            if operator in steps:
                steps[operator](operands)

    def _shift(self, operands: Any) -> None:
        self._origin = (float(operands[4]), float(operands[5]))

    def _restore(self, _: Any) -> None:
        self._origin = (0.0, 0.0)

    def _form(self, operands: Any) -> None:
        if self._objects[operands[0]]["/Subtype"] == "/Form":
            self.read(self._objects[operands[0]])

    def _font_is(self, operands: Any) -> None:
        self._font, self._size = self._fonts[operands[0]], float(operands[1])

    def _place(self, operands: Any) -> None:
        self._x, self._y, self._goes_on = float(operands[4]), float(operands[5]), False

    def _move(self, operands: Any) -> None:
        self._x, self._y, self._goes_on = self._x + float(operands[0]), self._y + float(operands[1]), False

    def _begin_told(self, operands: Any) -> None:
        self._found(str(operands[1]["/ActualText"]), 0.0)
        self._is_told = True

    def _end_told(self, _: Any) -> None:
        self._is_told = self._goes_on = False

    def _show(self, operands: Any) -> None:
        if self._is_told:
            return
        pieces = operands[0] if isinstance(operands[0], list) else [operands[0]]
        text = "".join(self._font.text(piece) for piece in pieces if not isinstance(piece, int | float))
        if self._goes_on:
            before, at = self.found.pop()
            self.found.append((before + text, at))
            return
        is_moved = bool(pieces) and isinstance(pieces[0], int | float)
        self._found(text, -float(pieces[0]) * self._size / 1000 if is_moved else 0.0)
        self._goes_on = True

    def _found(self, text: str, moved: float) -> None:
        self.found.append((text, (self._origin[0] + self._x + moved, self._origin[1] + self._y)))


class _Font:
    def __init__(self, font: Any) -> None:
        self._told: dict[int, str] | None = None
        if "/ToUnicode" in font:
            cmap = font["/ToUnicode"].get_object().get_data().decode("ascii")
            pairs = re.findall(r"<([0-9A-F]{4})> <([0-9A-F]+)>\n", cmap.split("endcodespacerange")[1])
            self._told = {int(glyph, 16): bytes.fromhex(text).decode("utf-16-be") for glyph, text in pairs}

    def text(self, piece: Any) -> str:
        raw = piece.original_bytes if hasattr(piece, "original_bytes") else bytes(piece)
        if self._told is None:
            return str(raw.decode("cp1252"))
        return "".join(self._told[int.from_bytes(raw[at : at + 2], "big")] for at in range(0, len(raw), 2))
