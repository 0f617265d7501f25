"""Type: which typeface has a character, how a line of any script is set, and what of it the file must carry."""

from services.generator.render.pdf.type.fonts import Fonts
from services.generator.render.pdf.type.word import SUBSTITUTE, Word

__all__ = ["SUBSTITUTE", "Fonts", "Word"]
