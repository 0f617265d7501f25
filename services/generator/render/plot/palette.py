"""The colours of series: the accent first, then others that stand apart from it and from each other."""

from __future__ import annotations

from services.generator.render.plot.colour import mixed

_OTHERS = ("#E08A2E", "#2A9D8F", "#8A63B8", "#D1495B", "#3D7EBF", "#B8A12B", "#5C6F7F", "#59A14F", "#C77CAE")
_NEAR = 135
"""Colours whose red, green and blue differ by less than this in all are hard to tell apart."""


def colours(accent: str, count: int) -> list[str]:
    """As many colours as asked; where there are more than the palette has, paler ones follow."""
    palette = (accent, *(colour for colour in _OTHERS if _distance(colour, accent) >= _NEAR))
    return [
        mixed(palette[index % len(palette)], "#FFFFFF", min(0.7, 0.35 * (index // len(palette))))
        for index in range(count)
    ]


def _distance(one: str, other: str) -> int:
    return sum(abs(int(one[at : at + 2], 16) - int(other[at : at + 2], 16)) for at in (1, 3, 5))
