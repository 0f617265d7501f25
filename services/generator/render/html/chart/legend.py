"""Which colour is which series."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from services.generator.render.html.text import visible

COLOURS = 24
"""Beyond so many the colours begin anew."""


def colour(number: int) -> str:
    """The colour of a series, as the page's style names it."""
    return f"var(--s{number % COLOURS})"


def draw_legend(labels: Sequence[str]) -> Markup:
    """The names of the series, each with its colour."""
    item = Markup('<li><i style="background:{}"></i>{}</li>')
    items = Markup("").join(item.format(colour(number), visible(label)) for number, label in enumerate(labels))
    return Markup('<ul class="legend">{}</ul>').format(items)
