"""Hears every event and keeps the record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from libs.common.messages import (
    DeliveryDeferred,
    DeliveryEvent,
    DeliveryRejected,
    DeliverySent,
    DeliveryUnknown,
    OccurrenceMissed,
    OccurrenceStarted,
    ReportFailed,
    ReportGenerated,
    ReportProgressed,
    ReportRetrying,
    ReportStarted,
    SchedulePaused,
)
from services.api.record.deliveries import keep_delivery
from services.api.record.ending import settle
from services.api.record.occurrences import on_occurrence_missed, on_occurrence_started, on_schedule_paused
from services.api.record.reports import (
    known_report,
    on_failed,
    on_generated,
    on_progressed,
    on_retrying,
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
    SchedulePaused: on_schedule_paused,
    ReportStarted: on_started,
    ReportProgressed: on_progressed,
    ReportRetrying: on_retrying,
    ReportGenerated: on_generated,
    ReportFailed: on_failed,
    DeliverySent: on_delivery,
    DeliveryDeferred: on_delivery,
    DeliveryRejected: on_delivery,
    DeliveryUnknown: on_delivery,
}
"""Every event but those that the api itself tells."""
