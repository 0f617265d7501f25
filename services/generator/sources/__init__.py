"""The databases that reports read from: opened read-only, asked in SQL, answering in Arrow record batches."""

from services.generator.sources.database import Database, open_source
from services.generator.sources.rows import Cut, Limits, Rows

__all__ = ["Cut", "Database", "Limits", "Rows", "open_source"]
