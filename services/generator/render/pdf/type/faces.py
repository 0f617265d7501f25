"""The typefaces of the PDFs: Roboto, and for what it lacks the Noto family and one of Chinese and its neighbours.

All of them come as Python packages, so that a report looks the same on every machine. A face is opened when a
character first needs it, once in a process; opening maps the file into memory and reads next to nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import uharfbuzz as hb

ROBOTO, NOTO, CJK = "font_roboto/files", "manimgx_fonts", "paperang_p2_fonts_cjk/fonts"
SYSTEM = "/usr/share/fonts/truetype"
"""Where Debian and its relatives keep typefaces: they stand in for a package that is not installed."""

_SCRIPTS = (
    *("Arabic", "Hebrew", "Thai", "Devanagari", "Armenian", "Georgian", "Ethiopic", "Bengali", "Gujarati", "Gurmukhi"),
    *("Kannada", "Khmer", "Lao", "Malayalam", "Myanmar", "Oriya", "Sinhala", "Tamil", "Telugu"),
)


@dataclass(frozen=True)
class FaceFile:
    """Where a face is, and at which weight it is drawn where it has several."""

    folder: str
    file: str
    weight: int | None = None

    def path(self) -> Path | None:
        """The file; None where its package is not installed."""
        path = self._folder()
        return path / self.file if path is not None and (path / self.file).is_file() else None

    def _folder(self) -> Path | None:
        if self.folder.startswith("/"):
            return Path(self.folder)
        package, _, inner = self.folder.partition("/")
        spec = find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return None
        return Path(spec.submodule_search_locations[0]) / inner


def _family(first: str, weight: int) -> tuple[FaceFile, ...]:
    noto = ("NotoSans", *(f"NotoSans{script}" for script in _SCRIPTS))
    after = ("NotoSansSymbols", "NotoEmoji")
    return (
        FaceFile(ROBOTO, f"{first}.ttf"),
        *(FaceFile(NOTO, f"{name}[wght].ttf", weight) for name in noto),
        FaceFile(CJK, "wqy-microhei.ttc"),
        FaceFile(f"{SYSTEM}/wqy", "wqy-microhei.ttc"),
        FaceFile(f"{SYSTEM}/droid", "DroidSansFallbackFull.ttf"),
        *(FaceFile(NOTO, f"{name}[wght].ttf", weight) for name in after),
    )


REGULAR = _family("Roboto-Regular", 400)
BOLD = _family("Roboto-Medium", 600)


class Face:
    """One typeface at one weight. Measures are in thousandths of the type's size."""

    def __init__(self, source: FaceFile, path: Path) -> None:
        self.source = source
        self.name = source.file.partition(".")[0].replace("[wght]", "")
        self.face = hb.Face(hb.Blob.from_file_path(str(path)))
        self.font = hb.Font(self.face)
        self.is_variable = source.weight is not None and any(axis.tag == "wght" for axis in self.face.axis_infos)
        if self.is_variable:
            self.font.set_variations({"wght": source.weight})
        self.scale = 1000 / self.face.upem
        self._advances: dict[int, float] = {}

    def glyph(self, code: int) -> int | None:
        """The glyph of a character."""
        found: int | None = self.font.get_nominal_glyph(code)
        return found

    def advance(self, glyph: int) -> float:
        """How wide a glyph is."""
        width = self._advances.get(glyph)
        if width is None:
            width = self._advances[glyph] = round(self.font.get_glyph_h_advance(glyph) * self.scale, 1)
        return width


@cache
def opened(source: FaceFile) -> Face | None:
    """The face, or None where its package is not installed."""
    path = source.path()
    return None if path is None else Face(source, path)


def faces(family: tuple[FaceFile, ...]) -> Iterator[Face]:
    """The faces of a family that are there, the preferred ones first."""
    for source in family:
        face = opened(source)
        if face is not None:
            yield face
