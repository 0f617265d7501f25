"""Reports that somebody asks for now."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from libs.common.messages import GenerateReport
from libs.common.outbox import Outbox
from services.api import recipients
from services.api.audit import note
from services.api.orders import declared, order_for, plan, template_for
from services.api.parameters import given_values
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, missing
from services.api.record.reports import keep_order, known_report
from services.api.schemas.reports import NewReport
from services.api.tables import DeliveryRow, ReportRow


def request_report(session: Session, platform: Platform, caller: Caller, report_id: UUID, new: NewReport) -> None:
    """Record that a report was asked for, and order it."""
    with Findings() as wrong:
        template = template_for(session, new.report_type, wrong)
        values = given_values(declared(template), new.parameters, wrong) if template else ()
        to = recipients.checked(new.recipients, platform.settings.max_recipients, wrong)
    assert template is not None
    order = order_for(template, values, new.formats, new.priority, plan(to, new.subject, new.body))
    now = platform.now
    row = known_report(session, report_id, now)
    keep_order(row, order, now)
    row.requested_by = caller.name
    note(session, caller, "requested", "report", report_id, now, report_type=new.report_type)
    command = GenerateReport(report_id=report_id, order=order, requested_at=now)
    Outbox(session, now).add(command)


def find_report(session: Session, report_id: UUID, *, whole: bool = False) -> ReportRow:
    """The report, with all that belongs to it if `whole`; Refused (404) if there is none."""
    query = select(ReportRow).where(ReportRow.id == report_id)
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
