"""The tables of the store `records`."""

from __future__ import annotations

from services.api.tables.base import metadata, table_of
from services.api.tables.bursts import BurstCheckRow, BurstRecipientRow, BurstRow
from services.api.tables.consent import PreferenceRow, SuppressionRow
from services.api.tables.dead_letters import DeadLetterRow
from services.api.tables.definitions import (
    CalendarRow,
    DestinationRow,
    ProfileRow,
    ScheduleRow,
    SourceRow,
    TemplateRow,
)
from services.api.tables.links import LinkRevocationRow, LinkRow
from services.api.tables.notices import AnnouncementRow, DigestRow, HappeningRow, NoticeRow, PaceRow
from services.api.tables.people import AuditRow, RequestRow, TokenRow, UserRow
from services.api.tables.questions import DeliveryTestRow, SourceTestRow, TemplateCheckRow
from services.api.tables.record import (
    ArtifactRow,
    DeliveryAttemptRow,
    DeliveryRow,
    OccurrenceRow,
    ReportAttemptRow,
    ReportRow,
)

__all__ = [
    "AnnouncementRow",
    "ArtifactRow",
    "AuditRow",
    "BurstCheckRow",
    "BurstRecipientRow",
    "BurstRow",
    "CalendarRow",
    "DeadLetterRow",
    "DeliveryAttemptRow",
    "DeliveryRow",
    "DeliveryTestRow",
    "DestinationRow",
    "DigestRow",
    "HappeningRow",
    "LinkRevocationRow",
    "LinkRow",
    "NoticeRow",
    "OccurrenceRow",
    "PaceRow",
    "PreferenceRow",
    "ProfileRow",
    "ReportAttemptRow",
    "ReportRow",
    "RequestRow",
    "ScheduleRow",
    "SourceRow",
    "SourceTestRow",
    "SuppressionRow",
    "TemplateCheckRow",
    "TemplateRow",
    "TokenRow",
    "UserRow",
    "metadata",
    "table_of",
]
