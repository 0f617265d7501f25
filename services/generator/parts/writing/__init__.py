"""Values as people read them: numbers and dates as a locale writes them, with the digits that the source gave."""

from services.generator.parts.writing.numbers import SHOWN_DECIMALS, is_rounded
from services.generator.parts.writing.writer import FigureText, Writer, rounding_note

__all__ = ["SHOWN_DECIMALS", "FigureText", "Writer", "is_rounded", "rounding_note"]
