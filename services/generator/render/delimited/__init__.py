"""CSV: RFC 4180 with a header line in UTF-8, or as the template's dialect says; one file per query."""

from services.generator.render.delimited.file import MEDIA_TYPE, draw_csv

__all__ = ["MEDIA_TYPE", "draw_csv"]
