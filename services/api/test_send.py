"""A schedule's report, made now and sent to whoever wants to see it before anybody else does."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from libs.common.conditions import Conditions
from libs.common.delivering import Manner
from libs.common.messages import DeliveryPlan, GenerateReport, Recipient, ReportOrder
from libs.common.outbox import Outbox
from libs.common.placeholders import Occasion, resolved_order
from services.api.announcements import order_of
from services.api.audit import note
from services.api.people import ADMIN, Caller, address_or_own, email_of
from services.api.platform import Platform
from services.api.problems import wrong
from services.api.record.reports import keep_order, known_report
from services.api.reports import find_report
from services.api.schedules import find_schedule
from services.api.schemas.test_send import NewTestSend
from services.api.tables import OccurrenceRow, ReportRow
from services.api.waiting import FOR_REPORTS, wait_for

_ENDED = ("completed", "partial", "failed", "skipped", "cancelled", "held")


def request_test_send(
    session: Session, platform: Platform, caller: Caller, report_id: UUID, schedule_id: UUID, asked: NewTestSend
) -> None:
    """Order the report of the schedule for one mailbox. Nothing that the schedule remembers comes to know of it."""
    schedule, now = find_schedule(session, schedule_id), platform.now
    recipient = Recipient(address=_address(session, caller, asked.recipient))
    occasion = Occasion(
        scheduled_for=now, timezone=schedule.timezone, last_success_at=last_success(session, schedule_id)
    )
    order = resolved_order(as_test(order_of(schedule), recipient), occasion)
    row = known_report(session, report_id, now)
    keep_order(row, order, now)
    # The report is found under its schedule; the command does not name it, or it would count as one of its own.
    row.schedule_id, row.is_test, row.requested_by = schedule_id, True, caller.name
    note(session, caller, "requested", "report", report_id, now, schedule=str(schedule_id), test=recipient.address)
    Outbox(session, now).add(GenerateReport(report_id=report_id, order=order, requested_at=now))


def as_test(order: ReportOrder, recipient: Recipient) -> ReportOrder:
    """The order as it is, but for one mailbox only, at once and whatever the data are like."""
    return msgspec.structs.replace(
        order,
        template=msgspec.structs.replace(order.template, drop=None),
        priority="urgent",
        conditions=Conditions(),
        burst=None,
        delivery=_to_one(order.delivery, recipient),
    )


def await_test_send(platform: Platform, report_id: UUID) -> bool:
    """True once the report has ended or waits for a person; False if it does not within the time of the settings."""

    def look() -> bool | None:
        query = select(ReportRow.id).where(ReportRow.id == report_id, ReportRow.status.in_(_ENDED))
        with platform.records.read() as session:
            return True if session.execute(query).scalar_one_or_none() else None

    return wait_for(look, platform.settings.test_send_seconds, FOR_REPORTS) is True


def found_test_send(session: Session, report_id: UUID) -> ReportRow:
    """The report with its files and its delivery."""
    return find_report(session, report_id, whole=True)


def _to_one(plan: DeliveryPlan, recipient: Recipient) -> DeliveryPlan:
    """A test has no copies, goes to no chat, and can unsubscribe nobody."""
    profile = plan.manner.profile
    if profile is not None:
        profile = msgspec.structs.replace(profile, cc=(), bcc=())
    manner: Manner = msgspec.structs.replace(plan.manner, profile=profile, is_test=True, subscription=False)
    return msgspec.structs.replace(plan, recipients=(recipient,), destinations=(), manner=manner)


def _address(session: Session, caller: Caller, given: str) -> str:
    own = email_of(session, caller)
    address = address_or_own(given, own)
    if address != own and caller.name != ADMIN:
        raise wrong("recipient", "recipient must be your own e-mail address; only the admin may send tests to others.")
    return address


def last_success(session: Session, schedule_id: UUID) -> datetime | None:
    """Since when an incremental report counts, as the timetable knows it."""
    query = select(func.max(OccurrenceRow.scheduled_for)).where(
        OccurrenceRow.schedule_id == schedule_id, OccurrenceRow.status == "success"
    )
    return session.execute(query).scalar_one_or_none()
