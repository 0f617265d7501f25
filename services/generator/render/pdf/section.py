"""The heading of a part."""

from __future__ import annotations

from services.generator.render.pdf.ink import MUTED
from services.generator.render.pdf.pages import MARGIN, Pages
from services.generator.render.pdf.wrap import shortened
from services.generator.render.plot.colour import readable

_SIZE = 12.5


def begin_section(
    pages: Pages,
    title: str,
    accent: str,
    needed: float,
    *,
    left: float = MARGIN,
    width: float | None = None,
    remark: str = "",
) -> None:
    """A part's title, where there is room for `needed` points of it and what follows; and its bookmark."""
    pages.need(needed)
    pages.bookmark(0, title, pages.y)
    room = (pages.width if width is None else width) - (pages.regular.width(remark, 8.5) + 8 if remark else 0)
    pages.y -= 16
    end = pages.text(left, pages.y, shortened(title, pages.bold, _SIZE, room), _SIZE, readable(accent), pages.bold)
    if remark:
        pages.text(end + 8, pages.y, remark, 8.5, MUTED)
    pages.y -= 8
