"""Carries the used part of a typeface in the file, as ISO 32000-1, 9.6 to 9.10, asks."""

from __future__ import annotations

import hashlib
import string
import struct
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import NamedTuple

import uharfbuzz as hb
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFDocument, PDFName, PDFObjectReference, PDFString

from services.generator.render.pdf.paper_canvas import compressed, packed, stream
from services.generator.render.pdf.type.faces import Face

_LATIN = [bytes([code]).decode("cp1252", "replace") for code in range(32, 256)]
_DROPPED = ("GSUB", "GPOS", "GDEF", "name", "DSIG", "STAT", "meta")
_FLAGS = (
    hb.SubsetFlags.RETAIN_GIDS
    | hb.SubsetFlags.NO_HINTING
    | hb.SubsetFlags.NOTDEF_OUTLINE
    | hb.SubsetFlags.NO_LAYOUT_CLOSURE
)
_SYMBOLIC, _NONSYMBOLIC = 4, 32

_NOTHING = "\u200b"
"""What a glyph stands for that only completes the one before it."""


@dataclass
class Used:
    """The glyphs that a document uses of a face. `glyph_font` names the font that has them all."""

    face: Face
    glyph_font: str
    glyphs: dict[int, str] = field(default_factory=dict)
    """Glyph, and the text that it stands for."""

    def add(self, glyph: int, stands_for: str) -> None:
        """Note a glyph."""
        if not self.glyphs.get(glyph):
            self.glyphs[glyph] = stands_for


class Program(NamedTuple):
    """The used part of a face as a file of its own: its name, its length in bytes, and it, compressed."""

    name: str
    length: int
    packed: bytes


def embed(
    document: PDFDocument, used: Used, latin_font: str = "", latin: AbstractSet[str] = frozenset()
) -> dict[str, PDFObjectReference]:
    """Put the fonts that were used into the document. `latin` are the characters of the font `latin_font`."""
    if not latin and not used.glyphs:
        return {}
    program = _subset(used.face, frozenset(latin), frozenset(used.glyphs))
    name = PDFName(program.name)
    descriptor = document.Reference(_descriptor(document, used.face, program, is_latin=bool(latin)))
    fonts = {}
    if latin:
        fonts[latin_font] = document.Reference(_latin(used.face, name, descriptor))
    if used.glyphs:
        fonts[used.glyph_font] = document.Reference(_glyphs(document, used, name, descriptor))
    return fonts


@lru_cache(maxsize=32)
def _subset(face: Face, latin: frozenset[str], glyphs: frozenset[int]) -> Program:
    # Remembered: report after report is written with the same letters.
    wanted = hb.SubsetInput()
    wanted.flags = _FLAGS
    for character in latin:
        wanted.unicode_set.add(ord(character))
    for glyph in glyphs:
        wanted.glyph_set.add(glyph)
    for table in _DROPPED:
        wanted.drop_table_tag_set.add(int.from_bytes(table.encode(), "big"))
    if face.is_variable:
        wanted.pin_all_axes_to_default(face.face)
        wanted.pin_axis_location(face.face, "wght", float(face.source.weight or 400))
    program: bytes = hb.subset(face.face, wanted).blob.data
    return Program(f"{_tag(program)}+{face.name}", len(program), compressed(program))


def _tag(program: bytes) -> str:
    """Six letters that tell this part of a face from others of it."""
    digest = hashlib.sha256(program).digest()
    return "".join(string.ascii_uppercase[byte % 26] for byte in digest[:6])


def _descriptor(document: PDFDocument, face: Face, program: Program, *, is_latin: bool) -> PDFDictionary:
    head = face.face.reference_table("head").data
    extents = face.font.get_font_extents("ltr")
    return PDFDictionary(
        {
            "Type": PDFName("FontDescriptor"),
            "FontName": PDFName(program.name),
            "Flags": _NONSYMBOLIC if is_latin else _SYMBOLIC,
            "FontBBox": PDFArray([round(value * face.scale) for value in struct.unpack(">4h", head[36:44])]),
            "ItalicAngle": 0,
            "Ascent": round(extents.ascender * face.scale),
            "Descent": round(extents.descender * face.scale),
            "CapHeight": 711,
            "StemV": 80,
            "FontFile2": document.Reference(stream(program.packed, Length1=program.length)),
        }
    )


def _latin(face: Face, name: PDFName, descriptor: PDFObjectReference) -> PDFDictionary:
    """One byte a character, which is what most texts need."""
    return PDFDictionary(
        {
            "Type": PDFName("Font"),
            "Subtype": PDFName("TrueType"),
            "BaseFont": name,
            "FirstChar": 32,
            "LastChar": 255,
            "Widths": _latin_widths(face),
            "FontDescriptor": descriptor,
            "Encoding": PDFName("WinAnsiEncoding"),
        }
    )


@cache
def _latin_widths(face: Face) -> str:
    glyphs = [face.glyph(ord(character)) for character in _LATIN]
    return _array(f"{0 if glyph is None else face.advance(glyph):g}" for glyph in glyphs)


def _glyphs(document: PDFDocument, used: Used, name: PDFName, descriptor: PDFObjectReference) -> PDFDictionary:
    """Two bytes a glyph: whatever the face has."""
    system = {"Registry": PDFString("Adobe"), "Ordering": PDFString("Identity"), "Supplement": 0}
    descendant = PDFDictionary(
        {
            "Type": PDFName("Font"),
            "Subtype": PDFName("CIDFontType2"),
            "BaseFont": name,
            "FontDescriptor": descriptor,
            "DW": 0,
            "CIDSystemInfo": PDFDictionary(system),
            "CIDToGIDMap": PDFName("Identity"),
            "W": _array(f"{glyph} [{used.face.advance(glyph):g}]" for glyph in sorted(used.glyphs)),
        }
    )
    return PDFDictionary(
        {
            "Type": PDFName("Font"),
            "Subtype": PDFName("Type0"),
            "BaseFont": name,
            "Encoding": PDFName("Identity-H"),
            "ToUnicode": document.Reference(packed(_to_unicode(used.glyphs).encode("ascii"))),
            "DescendantFonts": PDFArray([document.Reference(descendant)]),
        }
    )


def _array(elements: Iterable[str]) -> str:
    """An array, written at once: reportlab writes each of its numbers with care, which took half of a small report."""
    return f"[{' '.join(elements)}]"


def _to_unicode(glyphs: dict[int, str]) -> str:
    """What a reader copies and searches."""
    told = [
        f"<{glyph:04X}> <{(text or _NOTHING).encode('utf-16-be', 'replace').hex().upper()}>"
        for glyph, text in sorted(glyphs.items())
    ]
    blocks = "\n".join(
        f"{len(told[start : start + 100])} beginbfchar\n" + "\n".join(told[start : start + 100]) + "\nendbfchar"
        for start in range(0, len(told), 100)
    )
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
        "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
        f"1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n{blocks}\n"
        "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )
