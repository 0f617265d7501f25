"""Reports that somebody asks for now."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from libs.common.messages import GenerateReport, ReleaseReport, ReportCancelRequested
from libs.common.outbox import Outbox
from libs.common.placeholders import Occasion, resolved_order
from services.api import recipients
from services.api.audit import note
from services.api.handling_check import check_formats
from services.api.letter_check import check_words
from services.api.letters import check_letters, plan
from services.api.orders import declared, order_for, template_for
from services.api.parameters import given_values
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, conflict, missing
from services.api.record.reports import keep_order, known_report
from services.api.schemas.reports import CancelReport, NewReport
from services.api.tables import DeliveryRow, ReportRow


def request_report(session: Session, platform: Platform, caller: Caller, report_id: UUID, new: NewReport) -> None:
    """Record that a report was asked for, and order it."""
    with Findings() as wrong:
        template = template_for(session, new.report_type, wrong)
        values = given_values(declared(template), new.parameters, wrong) if template else ()
        if template is not None:
            check_formats(new.formats, template.packing, wrong)
        to = recipients.checked(
            new.recipients, platform.settings.max_recipients, wrong, allowed=platform.settings.allowed
        )
        letters = check_letters(session, new.letters, wrong)
        check_words({"subject": new.subject, "body": new.body}, template, wrong)
    assert template is not None
    now = platform.now
    order = resolved_order(
        order_for(template, values, new.formats, new.priority, plan(session, to, new.subject, new.body, letters)),
        Occasion(scheduled_for=now),
    )
    row = known_report(session, report_id, now)
    keep_order(row, order, now)
    row.requested_by = caller.name
    note(session, caller, "requested", "report", report_id, now, report_type=new.report_type)
    command = GenerateReport(report_id=report_id, order=order, requested_at=now)
    Outbox(session, now).add(command)


def cancel_report(
    session: Session, platform: Platform, caller: Caller, report_id: UUID, cancel: CancelReport
) -> ReportRow:
    """Ask the generator to stop the report, or never to begin it; Refused (409) if there is nothing left to stop.

    Whoever asks again while the first request is under way changes nothing.
    """
    row = find_report(session, report_id, lock=True)
    if refusal := _too_late(row):
        raise conflict(refusal)
    if row.cancel_requested_at is None:
        now = platform.now
        row.cancel_requested_at = now
        note(session, caller, "cancelled", "report", report_id, now, reason=cancel.reason)
        Outbox(session, now).add(
            ReportCancelRequested(at=now, report_id=report_id, requested_by=caller.name, reason=cancel.reason)
        )
    return row


def approve_report(session: Session, platform: Platform, caller: Caller, report_id: UUID) -> ReportRow:
    """Let a report that is held be sent; Refused (409) if it is not held. The first who approves it is remembered."""
    row = find_report(session, report_id, lock=True)
    if row.approved_at is not None:
        return row
    if row.phase == "spread":
        raise conflict(f"This report is a burst; let it go on with POST /api/v1/reports/{row.id}/burst/continue/.")
    if row.status != "held":
        raise conflict(f"Only a report that is held can be approved; this one is {row.status}.")
    if row.cancel_requested_at is not None:
        raise conflict("Somebody has asked to cancel this report, so it cannot be approved any more.")
    now = platform.now
    row.approved_at, row.approved_by = now, caller.name
    note(session, caller, "approved", "report", report_id, now, reason=row.reason)
    Outbox(session, now).add(ReleaseReport(report_id=report_id, approved_by=caller.name, requested_at=now))
    return row


def _too_late(row: ReportRow) -> str:
    """Why the report cannot be cancelled any more; empty if it can."""
    if row.phase == "spread":
        return f"This report is a burst that has begun; stop it with POST /api/v1/reports/{row.id}/burst/stop/."
    if row.status == "delivering":
        return "The report is made, and its deliveries are ordered already; they go on and cannot be called back."
    if row.phase in ("cancelled", "skipped", "failed", "generated"):
        return f"The report has ended already: it is {row.status}. There is nothing left to cancel."
    return ""


def find_report(session: Session, report_id: UUID, *, whole: bool = False, lock: bool = False) -> ReportRow:
    """The report, with all that belongs to it if `whole`, kept from others if `lock`; Refused (404) without one."""
    query = select(ReportRow).where(ReportRow.id == report_id)
    if lock:
        query = query.with_for_update()
    if whole:
        query = query.options(
            selectinload(ReportRow.artifacts),
            selectinload(ReportRow.attempts),
            selectinload(ReportRow.deliveries).selectinload(DeliveryRow.attempts),
        )
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise missing(f"There is no report {report_id}.")
    return row
