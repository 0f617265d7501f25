"""Sets a line of any script: finds a typeface for each character, the order in which they stand, and their shapes."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import uharfbuzz as hb

from services.generator.render.pdf.type.direction import by_direction, visual
from services.generator.render.pdf.type.faces import BOLD, REGULAR, Face, FaceFile, faces
from services.generator.render.pdf.type.word import SUBSTITUTE

_JOINERS = frozenset("\u200c\u200d\ufe0e\ufe0f")
"""Say how their neighbours look and are nothing by themselves."""

_INVISIBLE = frozenset(
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
)

_SIMPLE = {"kern": False, "liga": False, "clig": False}
"""Latin, Greek and Cyrillic are set letter by letter: a column of figures must not depend on its neighbours."""


@dataclass(frozen=True, slots=True)
class Shaped:
    """Some of a line, in one face, from left to right."""

    face: Face
    glyphs: tuple[tuple[int, float, float, float, str], ...]
    """Glyph, advance, offset to the right and up in thousandths, and the text that it stands for."""
    is_rearranged: bool
    """Whether what is seen does not tell, letter by letter, what it stands for."""


def cleaned(text: str) -> str:
    """`text` on one line, without control characters."""
    if text.isprintable():
        return text
    return "".join(_drawable(character) for character in text if character not in _INVISIBLE)


def _drawable(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    category = unicodedata.category(character)
    return character if category in ("Co", "Cn", "Cf") else " " if category != "Cs" else SUBSTITUTE


def is_simple(character: str) -> bool:
    """Whether a character looks and measures the same whatever stands beside it."""
    apart = "\u0300" <= character <= "\u036f" or "\u0590" <= character <= "\u1dff" or character >= "\ufb1d"
    is_fullwidth = "\uff01" <= character <= "\uffee"
    return character.isprintable() and (not apart or is_fullwidth) and not unicodedata.combining(character)


@lru_cache(maxsize=50_000)
def face_of(character: str, is_bold: bool) -> Face | None:
    """The first face of the family that has the character."""
    family: tuple[FaceFile, ...] = BOLD if is_bold else REGULAR
    return next((face for face in faces(family) if face.glyph(ord(character)) is not None), None)


def typeset(text: str, is_bold: bool, missing: Callable[[str], str]) -> list[Shaped]:
    """The line from left to right. `missing` hears of characters that no face has and gives what to draw instead."""
    shaped = []
    for face, characters in _by_face(visual(text), is_bold, missing):
        for is_rtl, run in by_direction(characters):
            shaped.append(_shape(face, run[::-1] if is_rtl else run, is_rtl))
    return shaped


def _by_face(text: str, is_bold: bool, missing: Callable[[str], str]) -> Iterator[tuple[Face, str]]:
    """Neighbours that one face has. Marks and joiners stay with their base where its face has them."""
    current: Face | None = None
    run = ""
    for character in text:
        face, shown = _choice(character, current, is_bold, missing)
        if face is None:
            continue
        if face is not current and run and current is not None:
            yield current, run
            run = ""
        current, run = face, run + shown
    if run and current is not None:
        yield current, run


def _choice(
    character: str, current: Face | None, is_bold: bool, missing: Callable[[str], str]
) -> tuple[Face | None, str]:
    if current is not None and _stays(character, current):
        return current, character
    if character in _JOINERS:
        return current, character if current is not None else ""
    face = face_of(character, is_bold)
    if face is not None:
        return face, character
    substitute = missing(character)
    return (face_of(substitute, is_bold), substitute) if substitute else (None, "")


def _stays(character: str, current: Face) -> bool:
    """A mark or joiner does not change the face."""
    is_mark = character in _JOINERS or unicodedata.combining(character) > 0
    return is_mark and current.glyph(ord(character)) is not None


def _shape(face: Face, text: str, is_rtl: bool) -> Shaped:
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    if is_rtl:
        buffer.direction = "rtl"
    is_simple = buffer.script in ("Latn", "Grek", "Cyrl", "Zyyy", "Hani", "Hira", "Kana", "Hang")
    hb.shape(face.font, buffer, _SIMPLE if is_simple else None)
    starts = sorted({info.cluster for info in buffer.glyph_infos})
    ends = dict(zip(starts, [*starts[1:], len(text)], strict=True))
    glyphs, told = [], set()
    for info, place in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        stands_for = "" if info.cluster in told else text[info.cluster : ends[info.cluster]]
        told.add(info.cluster)
        glyphs.append(
            (
                info.codepoint,
                round(place.x_advance * face.scale, 1),
                round(place.x_offset * face.scale, 1),
                round(place.y_offset * face.scale, 1),
                stands_for,
            )
        )
    return Shaped(face, tuple(glyphs), is_rtl or not is_simple)
