"""Colours, written as `#1F4E79`."""

from __future__ import annotations

_INK = "#1B2733"


def mixed(colour: str, other: str, share: float) -> str:
    """`colour` with a share of `other` in it."""
    pairs = ((int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(one + (two - one) * share):02X}" for one, two in pairs)


def readable(colour: str) -> str:
    """`colour` as text on white: a pale one is darkened."""
    return colour if is_dark(colour) else mixed(colour, _INK, 0.5)


def is_dark(colour: str) -> bool:
    """Whether white is easier to read on it than ink."""
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return red * 0.299 + green * 0.587 + blue * 0.114 < 150
