"""What is shown of a test of a mail server or a destination."""

from __future__ import annotations

from services.api.schemas.delivery_tests import DeliveryTestView
from services.api.tables import DeliveryTestRow

_PLACES = {"profile": "/api/v1/smtp-profiles", "destination": "/api/v1/destinations"}


def delivery_test_view(row: DeliveryTestRow) -> DeliveryTestView:
    """What may be seen of a test."""
    return DeliveryTestView(
        id=row.id,
        subject_id=row.subject_id,
        subject_name=row.subject_name,
        status="pending" if row.ok is None else "ok" if row.ok else "failed",
        sentences=list(row.sentences),
        seconds=row.seconds,
        requested_at=row.requested_at,
        answered_at=row.answered_at,
        url=f"{_PLACES[row.kind]}/tests/{row.id}",
    )
