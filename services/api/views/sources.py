"""What is shown of a source: never its URL."""

from __future__ import annotations

from services.api.schemas.sources import SourceTestView, SourceView
from services.api.tables import SourceRow, SourceTestRow


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
        concurrency=row.concurrency,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def source_test_view(row: SourceTestRow) -> SourceTestView:
    """What may be seen of a test."""
    return SourceTestView(
        id=row.id,
        source_id=row.source_id,
        source_name=row.source_name,
        status="pending" if row.ok is None else "ok" if row.ok else "failed",
        sentences=list(row.sentences),
        seconds=row.seconds,
        requested_at=row.requested_at,
        answered_at=row.answered_at,
        url=f"/api/v1/sources/{row.source_id}/tests/{row.id}",
    )
