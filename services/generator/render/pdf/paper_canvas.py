"""reportlab's canvas, with pages that stay small until the file is saved and no font but the embedded ones.

reportlab is the library that PDFs are made with: what it can do (file, pages, outline, pictures, forms) is left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from isal import isal_zlib
from reportlab.lib.utils import TimeStamp
from reportlab.pdfbase import pdfdoc
from reportlab.pdfgen.canvas import Canvas

_EFFORT = 2
"""Of 3: pages are as large as with 1, and beyond it hardly smaller, only slower."""

EmbedFonts = Callable[[pdfdoc.PDFDocument], dict[str, pdfdoc.PDFObjectReference]]
"""Puts the fonts that were used into a document; their names on the pages and where they are."""


class PaperCanvas(Canvas):  # type: ignore[misc]
    """A canvas to which operators are added as they are; `embed_fonts` is called once all pages are drawn."""

    def __init__(self, path: Path, made_at: datetime, embed_fonts: EmbedFonts) -> None:
        super().__init__(str(path), pageCompression=1, pdfVersion=(1, 7))
        self._doc._timeStamp = _at(made_at)
        self._doc.delayedFonts.append(_Fonts(embed_fonts))

    def add(self, code: str) -> None:
        """Add operators to the page."""
        self._code.append(code)

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """End the page. reportlab keeps its drawing as text until the file is saved; this packs it at once."""
        super().showPage()
        page = self._doc.Pages.pages[-1]
        page.Contents = packed(page.stream.encode("cp1252"))
        page.stream = None

    def _make_preamble(self) -> None:
        # reportlab's own begins each page with a font that is not embedded.
        self._preamble = ""


def packed(content: bytes, **entries: object) -> pdfdoc.PDFStream:
    """A stream, compressed."""
    return stream(compressed(content), **entries)


def compressed(content: bytes) -> bytes:
    """The content as a stream holds it."""
    small: bytes = isal_zlib.compress(content, _EFFORT)
    return small


def stream(content: bytes, **entries: object) -> pdfdoc.PDFStream:
    """A stream of what is compressed already."""
    dictionary = pdfdoc.PDFDictionary({**entries, "Filter": pdfdoc.PDFName("FlateDecode")})
    return pdfdoc.PDFStream(dictionary, content)


class _Fonts:
    """Looks like one of reportlab's fonts, which are asked for their objects when the file is saved."""

    def __init__(self, embed: EmbedFonts) -> None:
        self._embed = embed

    def addObjects(self, document: pdfdoc.PDFDocument) -> None:  # noqa: N802 - reportlab's name
        document.idToObject[pdfdoc.BasicFonts].dict.update(self._embed(document))


def _at(moment: datetime) -> TimeStamp:
    """A file tells when its report was made, and not when its last page was written."""
    stamp, utc = TimeStamp(invariant=1), moment.astimezone(UTC)
    stamp.t, stamp.lt = utc.timestamp(), utc.timetuple()
    stamp.YMDhms = tuple(stamp.lt)[:6]
    return stamp
