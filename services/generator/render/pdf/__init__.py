"""PDF: a document to read and print, drawn row by row."""

from services.generator.render.pdf.document import MEDIA_TYPE, draw_pdf

__all__ = ["MEDIA_TYPE", "draw_pdf"]
