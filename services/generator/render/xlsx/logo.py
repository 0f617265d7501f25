"""A report's logo on a sheet."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, UnidentifiedImageError
from xlsxwriter.worksheet import Worksheet

from libs.common.errors import PermanentFailure

_HIGH, _WIDE = 44, 200
"""Pixels."""


def insert_logo(sheet: Worksheet, row: int, column: int, logo: Path) -> None:
    """The image, no larger than the top of a sheet allows. One that cannot be read is a PermanentFailure."""
    try:
        with Image.open(logo) as image:
            width, height = image.size
            across, down = (float(dots) or 96.0 for dots in image.info.get("dpi", (96, 96)))
    except (UnidentifiedImageError, OSError) as error:
        raise PermanentFailure("The logo cannot be read; it must be a PNG or JPEG image.") from error
    # XlsxWriter takes the image's own resolution into account, of which a scale on screen must be free.
    shrink = min(_HIGH / height, _WIDE / width, 1)
    options = {
        "x_scale": shrink * across / 96,
        "y_scale": shrink * down / 96,
        "x_offset": 4,
        "y_offset": 4,
        "object_position": 3,
        "description": "Logo",
    }
    sheet.insert_image(row, column, str(logo), options)
