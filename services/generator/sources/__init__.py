"""The databases that reports read from: opened read-only, asked in SQL, answering in Arrow record batches."""

from services.generator.sources.opening import open_source
from services.generator.sources.rows import Cut, Limits, Rows
from services.generator.sources.sessions import end_session, note_session
from services.generator.sources.source import Source

__all__ = ["Cut", "Limits", "Rows", "Source", "end_session", "note_session", "open_source"]
