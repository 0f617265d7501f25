"""Which colour is which series."""

from __future__ import annotations

from collections.abc import Sequence

from services.generator.render.pdf.ink import MUTED, box
from services.generator.render.pdf.pages import Pages
from services.generator.render.pdf.wrap import shortened

_SIZE, _LINE, _SWATCH = 8.0, 13.0, 7.0
_MOST_LINES = 2


def draw_legend(
    pages: Pages, labels: Sequence[str], colours: Sequence[str], left: float, top: float, width: float
) -> float:
    """The names of the series in a row, on at most two lines; the height at which the chart may begin."""
    x, y, lines = left, top - 11, 1
    for number, (label, colour) in enumerate(zip(labels, colours, strict=True)):
        text = shortened(label, pages.regular, _SIZE, width / 2)
        used = _SWATCH + 4 + pages.regular.width(text, _SIZE) + 14
        if x > left and x + used > left + width:
            if lines == _MOST_LINES:
                pages.text(x, y, f"+ {len(labels) - number:,}", _SIZE, MUTED)
                break
            x, y, lines = left, y - _LINE, lines + 1
        pages.draw(box(x, y - 0.5, _SWATCH, _SWATCH, colour))
        pages.text(x + _SWATCH + 4, y, text, _SIZE, MUTED)
        x += used
    return y - 6
