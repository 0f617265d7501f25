"""What is shown of a report that is sent as a test."""

from __future__ import annotations

from services.api.schemas.test_send import TestSendView
from services.api.tables import ReportRow
from services.api.views.reports import report_view


def test_send_view(row: ReportRow) -> TestSendView:
    """What came of it so far."""
    report = report_view(row, None)
    return TestSendView(
        id=report.id,
        status=report.status,
        reason=report.reason,
        recipient=report.recipients[0].address if report.recipients else "",
        notes=report.notes,
        artifacts=report.artifacts,
        deliveries=report.deliveries,
        links=report.links,
    )
