"""The rows that a query gave, kept on disk as Arrow, so that every format is drawn from one execution."""

from services.generator.answers.answer import Answer, Column
from services.generator.answers.keep import keep

__all__ = ["Answer", "Column", "keep"]
