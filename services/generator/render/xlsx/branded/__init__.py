"""Workbooks that a designer made: Pressroom fills their named ranges and tables, and leaves all else alone."""

from services.generator.render.xlsx.branded.fill import fill_workbook

__all__ = ["fill_workbook"]
