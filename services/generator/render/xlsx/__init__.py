"""Excel workbooks: a sheet per query that can be filtered and calculated with, and one about the report."""

from services.generator.render.xlsx.workbook import MEDIA_TYPE, draw_xlsx

__all__ = ["MEDIA_TYPE", "draw_xlsx"]
