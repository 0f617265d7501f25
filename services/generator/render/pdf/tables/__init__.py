"""Tables: laid out once, drawn row by row over as many pages as they need."""

from services.generator.render.pdf.tables.table import MAX_ROWS, Table, limit_note

__all__ = ["MAX_ROWS", "Table", "limit_note"]
