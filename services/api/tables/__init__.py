"""The tables of the store `records`."""

from __future__ import annotations

from services.api.tables.base import metadata, table_of
from services.api.tables.definitions import CalendarRow, ScheduleRow, SourceRow, TemplateRow
from services.api.tables.people import AuditRow, RequestRow, TokenRow, UserRow
from services.api.tables.questions import SourceTestRow, TemplateCheckRow
from services.api.tables.record import (
    ArtifactRow,
    DeliveryAttemptRow,
    DeliveryRow,
    OccurrenceRow,
    ReportAttemptRow,
    ReportRow,
)

__all__ = [
    "ArtifactRow",
    "AuditRow",
    "CalendarRow",
    "DeliveryAttemptRow",
    "DeliveryRow",
    "OccurrenceRow",
    "ReportAttemptRow",
    "ReportRow",
    "RequestRow",
    "ScheduleRow",
    "SourceRow",
    "SourceTestRow",
    "TemplateCheckRow",
    "TemplateRow",
    "TokenRow",
    "UserRow",
    "metadata",
    "table_of",
]
