"""Hears every event and keeps the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from libs.common.messages import (
    ArtifactsExpired,
    BurstAdvanced,
    BurstChanged,
    BurstChecked,
    DeliveryBounced,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySending,
    DeliverySent,
    DeliverySuppressed,
    DeliveryUnknown,
    DestinationTested,
    NoticeEnded,
    OccurrenceMissed,
    OccurrencesPassed,
    OccurrencesStarted,
    OccurrenceStarted,
    ProfileTested,
    ReportCancelled,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportProgressed,
    ReportRetrying,
    ReportSkipped,
    ReportSpread,
    ReportStarted,
    SchedulePaused,
    SourceTested,
    SuppressionChanged,
    TemplateChecked,
    TimetableRequested,
)
from services.api.record import bursts
from services.api.record.consent import on_suppression_changed
from services.api.record.deliveries import keep_delivery
from services.api.record.ending import settle
from services.api.record.notices import on_notice_ended
from services.api.record.occurrences import (
    on_occurrence_missed,
    on_occurrence_started,
    on_occurrences_passed,
    on_occurrences_started,
    on_schedule_paused,
    on_timetable_requested,
)
from services.api.record.questions import on_delivery_tested, on_source_tested, on_template_checked
from services.api.record.reports import (
    known_report,
    on_cancelled,
    on_expired,
    on_failed,
    on_generated,
    on_held,
    on_progressed,
    on_retrying,
    on_skipped,
    on_started,
)


def on_delivery(session: Session, event: DeliveryEvent) -> None:
    """The mailer tells of one recipient; the report may have ended with it."""
    report = known_report(session, event.report_id, event.at)
    keep_delivery(session, event)
    settle(session, report)


HANDLERS: Mapping[type[Any], Callable[[Session, Any], None]] = {
    OccurrenceStarted: on_occurrence_started,
    OccurrenceMissed: on_occurrence_missed,
    OccurrencesStarted: on_occurrences_started,
    OccurrencesPassed: on_occurrences_passed,
    SchedulePaused: on_schedule_paused,
    TimetableRequested: on_timetable_requested,
    ReportStarted: on_started,
    ReportProgressed: on_progressed,
    ReportRetrying: on_retrying,
    ReportGenerated: on_generated,
    ReportHeld: on_held,
    ReportSpread: bursts.on_spread,
    BurstAdvanced: bursts.on_advanced,
    BurstChanged: bursts.on_changed,
    BurstChecked: bursts.on_checked,
    ReportSkipped: on_skipped,
    ReportFailed: on_failed,
    ReportCancelled: on_cancelled,
    ArtifactsExpired: on_expired,
    SourceTested: on_source_tested,
    TemplateChecked: on_template_checked,
    NoticeEnded: on_notice_ended,
    ProfileTested: on_delivery_tested,
    DestinationTested: on_delivery_tested,
    SuppressionChanged: on_suppression_changed,
    DeliverySending: on_delivery,
    DeliverySent: on_delivery,
    DeliveryDeferred: on_delivery,
    DeliverySuppressed: on_delivery,
    DeliveryCancelled: on_delivery,
    DeliveryRejected: on_delivery,
    DeliveryUnknown: on_delivery,
    DeliveryBounced: on_delivery,
}
"""Every event but those that the api itself tells."""
