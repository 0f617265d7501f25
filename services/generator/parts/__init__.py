"""What a report consists of, before any ink: tables, key figures and charts that every renderer draws its own way."""

from services.generator.parts.chart import ChartPart, Series
from services.generator.parts.failed import FailedPart
from services.generator.parts.figure import FigurePart
from services.generator.parts.groups import runs
from services.generator.parts.resolve import resolve
from services.generator.parts.table import ShownColumn, TablePart
from services.generator.parts.totals import Totals

Part = TablePart | FigurePart | ChartPart | FailedPart

__all__ = [
    "ChartPart",
    "FailedPart",
    "FigurePart",
    "Part",
    "Series",
    "ShownColumn",
    "TablePart",
    "Totals",
    "resolve",
    "runs",
]
