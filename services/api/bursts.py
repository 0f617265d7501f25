"""Bursts: let go on, stopped, and tried without making any report."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from libs.common.messages import CheckBurst, ContinueBurst, DeliveryPlan, ReportOrder, StopBurst
from libs.common.outbox import Outbox
from libs.common.placeholders import Occasion, resolved_order
from services.api.announcements import order_of
from services.api.audit import note
from services.api.burst_check import check_burst
from services.api.consent import objections
from services.api.letters import check_letters, destinations_of
from services.api.orders import declared, order_for, template_for
from services.api.parameters import given_values
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, conflict, missing
from services.api.reports import find_report
from services.api.schedules import find_schedule
from services.api.schemas.bursts import BurstCheckView, NewBurstCheck
from services.api.schemas.delivery import Letters
from services.api.schemas.reports import CancelReport
from services.api.tables import BurstCheckRow, BurstRow, ReportRow
from services.api.test_send import last_success
from services.api.views.bursts import burst_check_view
from services.api.waiting import wait_for

KEEP = timedelta(days=30)


# People decide --------------------------------------------------------------------------------------------


def find_burst(session: Session, report_id: UUID) -> tuple[ReportRow, BurstRow]:
    """The burst of a report; Refused (404) if there is no such report, (409) if it has none, or not yet."""
    report = find_report(session, report_id, lock=True)
    burst = session.get(BurstRow, report_id, with_for_update=True)
    if burst is None:
        raise conflict("This report is no burst, or nobody has listed its recipients yet.")
    return report, burst


def burst_of(session: Session, report_id: UUID) -> BurstRow | None:
    """The burst of a report, for a look."""
    return session.execute(select(BurstRow).where(BurstRow.report_id == report_id)).scalar_one_or_none()


def continue_burst(session: Session, platform: Platform, caller: Caller, report_id: UUID) -> ReportRow:
    """Let a burst that waits go on; Refused (409) if it does not wait."""
    report, burst = find_burst(session, report_id)
    if burst.state not in ("paused", "held"):
        raise conflict(f"Only a burst that is paused or held can go on; this one is {burst.state}.")
    now = platform.now
    note(session, caller, "approved", "report", report_id, now, burst=burst.state, reason=burst.reason)
    Outbox(session, now).add(ContinueBurst(report_id=report_id, requested_by=caller.name, requested_at=now))
    return report


def stop_burst(session: Session, platform: Platform, caller: Caller, report_id: UUID, stop: CancelReport) -> ReportRow:
    """Order no more reports, and cancel those that have not begun; Refused (409) if all have ended."""
    report, burst = find_burst(session, report_id)
    if burst.state == "stopped":
        return report
    if report.ended_at is not None:
        raise conflict(f"The burst has ended already: it is {report.status}. There is nothing left to stop.")
    now = platform.now
    note(session, caller, "cancelled", "report", report_id, now, burst=burst.state, reason=stop.reason)
    command = StopBurst(report_id=report_id, requested_by=caller.name, reason=stop.reason, requested_at=now)
    Outbox(session, now).add(command)
    return report


# Dry runs -------------------------------------------------------------------------------------------------


def check_schedule(session: Session, platform: Platform, caller: Caller, schedule_id: UUID) -> UUID:
    """Ask for a dry run of a schedule's burst, as if it were due now; its id. Refused (409) if it has none."""
    schedule = find_schedule(session, schedule_id)
    if schedule.burst is None:
        raise conflict("This schedule has no burst: give it one, or ask for a test of its report.")
    occasion = Occasion(
        scheduled_for=platform.now,
        timezone=schedule.timezone,
        last_success_at=last_success(session, schedule_id),
    )
    return _ask(session, platform, caller, resolved_order(order_of(schedule), occasion), schedule_id)


def check_new(session: Session, platform: Platform, caller: Caller, new: NewBurstCheck) -> UUID:
    """Ask for a dry run of a burst that is being written; its id. Refused (422) if it can never work."""
    with Findings() as amiss:
        template = template_for(session, new.report_type, amiss)
        values = given_values(declared(template), new.parameters, amiss) if template else ()
        check_burst(new.burst, template, amiss)
        check_letters(session, Letters(destinations=new.destinations), amiss)
    assert template is not None
    plan = DeliveryPlan(destinations=destinations_of(session, new.destinations))
    order = order_for(template, values, None, "normal", plan, burst=new.burst)
    return _ask(session, platform, caller, resolved_order(order, Occasion(scheduled_for=platform.now)), new.schedule)


def await_check(platform: Platform, check_id: UUID) -> BurstCheckView | None:
    """What a generator has answered; None if none does within the time that the settings give."""

    def look() -> UUID | None:
        with platform.records.read() as session:
            row = session.get(BurstCheckRow, check_id)
            return check_id if row is not None and row.answered_at is not None else None

    if wait_for(look, platform.settings.burst_check_seconds) is None:
        return None
    with platform.records.read() as session:
        return shown_check(session, check_id)


def shown_check(session: Session, check_id: UUID) -> BurstCheckView:
    """A dry run; Refused (404) if there is none."""
    row = session.get(BurstCheckRow, check_id)
    if row is None:
        raise missing(f"There is no check {check_id} of a burst; checks are kept for {KEEP.days} days.")
    addresses = (row.facts or {}).get("addresses", ())
    return burst_check_view(row, objections(session, addresses, row.schedule_id))


def _ask(session: Session, platform: Platform, caller: Caller, order: ReportOrder, schedule_id: UUID | None) -> UUID:
    now, check_id = platform.now, uuid4()
    session.execute(delete(BurstCheckRow).where(BurstCheckRow.requested_at < now - KEEP))
    session.add(BurstCheckRow(id=check_id, schedule_id=schedule_id, requested_by=caller.name, requested_at=now))
    subject = schedule_id or order.template.template_id
    note(session, caller, "requested", "schedule" if schedule_id else "template", subject, now, check=str(check_id))
    Outbox(session, now).add(CheckBurst(check_id=check_id, order=order, requested_at=now))
    return check_id
