"""What is shown of a source: never its URL."""

from __future__ import annotations

from services.api.schemas.sources import SourceView
from services.api.tables import SourceRow


def source_view(row: SourceRow) -> SourceView:
    """What may be seen of a source."""
    return SourceView(
        id=row.id,
        name=row.name,
        kind=row.kind,
        host=row.host,
        port=row.port,
        database=row.database,
        statement_timeout_seconds=row.statement_timeout_seconds,
        max_rows=row.max_rows,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
