"""The logo: a PNG or JPEG as it can be drawn."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError

_MOST_PIXELS = 1_200
"""Of either side; more does not show at the size in which logos are printed."""


def read_picture(path: Path) -> Image.Image | None:
    """The picture; None where the file is none that can be read: a report does not fail for its logo."""
    try:
        with Image.open(path) as opened:
            image = opened.convert("RGBA")
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError):
        return None
    image.thumbnail((_MOST_PIXELS, _MOST_PIXELS))
    return image
