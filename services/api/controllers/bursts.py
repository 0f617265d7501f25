"""/api/v1/reports/…/burst, /api/v1/reports/schedules/…/burst and /api/v1/bursts"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, JSONBody, PathParameter
from litestar.status_codes import HTTP_202_ACCEPTED
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.bursts import (
    await_check,
    burst_of,
    check_new,
    check_schedule,
    continue_burst,
    shown_check,
    stop_burst,
)
from services.api.controllers.common import READS, WRITES, Asking, By, Work
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.platform import Platform
from services.api.record.parts import REFUSALS
from services.api.reports import find_report
from services.api.schemas.bursts import (
    BurstAccepted,
    BurstCheckView,
    BurstRecipientList,
    NewBurstCheck,
    RecipientStatus,
)
from services.api.schemas.reports import CancelReport
from services.api.tables import BurstRecipientRow, ReportRow
from services.api.views.bursts import burst_accepted, burst_recipient_view

BY_ADDRESS = Order(BurstRecipientRow.address, BurstRecipientRow.id, kind=str, descending=False)

CheckId = Annotated[UUID, PathParameter(description="The id of the check.")]

CHECKED = {**WRITES, 202: ResponseSpec(BurstCheckView, description="No generator has answered yet; look again.")}

NOTHING_SAID = CancelReport()


class BurstController(Controller):
    """A report that is one for each of its recipients."""

    path = "/reports"
    tags = ("reports",)

    @get("/{report_id:uuid}/burst/recipients", responses=READS, sync_to_thread=True)
    def recipients(
        self,
        request: Asking,
        report_id: FromPath[UUID],
        platform: Work,
        status: FromQuery[RecipientStatus | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> BurstRecipientList:
        """List who gets a report of their own, or none and why, by address."""
        query = select(BurstRecipientRow).where(BurstRecipientRow.parent_id == report_id)
        if status in REFUSALS:
            query = query.where(BurstRecipientRow.refusal == status)
        elif status is not None:
            query = query.join(ReportRow, ReportRow.id == BurstRecipientRow.child_id).where(ReportRow.status == status)
        with platform.records.read() as session:
            find_report(session, report_id)
            rows, following = page(session, query, BY_ADDRESS, Window(limit, cursor))
            wanted = [row.child_id for row in rows if row.child_id is not None]
            found = session.execute(select(ReportRow).where(ReportRow.id.in_(wanted))).scalars()
            reports = {report.id: report for report in found}
            return BurstRecipientList(
                [burst_recipient_view(row, reports) for row in rows], next_url(request, following)
            )

    @post("/{report_id:uuid}/burst/continue", status_code=HTTP_202_ACCEPTED, responses=WRITES, sync_to_thread=True)
    def go_on(self, report_id: FromPath[UUID], platform: Work, caller: By) -> BurstAccepted:
        """Let a burst go on that waits after its first reports, or because it has too many recipients."""
        with platform.records.begin() as session:
            row = continue_burst(session, platform, caller, report_id)
            return burst_accepted(row, burst_of(session, report_id), "The burst goes on.")

    @post(
        "/{report_id:uuid}/burst/stop",
        dto=StrictJson,
        return_dto=None,
        status_code=HTTP_202_ACCEPTED,
        responses=WRITES,
        sync_to_thread=True,
    )
    def stop(
        self, report_id: FromPath[UUID], platform: Work, caller: By, data: JSONBody[CancelReport] = NOTHING_SAID
    ) -> BurstAccepted:
        """Order no more reports of a burst, and cancel those that have not begun. What has begun goes on."""
        with platform.records.begin() as session:
            row = stop_burst(session, platform, caller, report_id, data)
            detail = "No more reports are ordered, and those that have not begun never will."
            return burst_accepted(row, burst_of(session, report_id), detail)


class ScheduleBurstController(Controller):
    """The burst of a schedule, tried without making a report."""

    path = "/reports/schedules"
    tags = ("schedules",)

    @post("/{schedule_id:uuid}/burst/check", status_code=200, responses=CHECKED, sync_to_thread=True)
    def check(self, schedule_id: FromPath[UUID], platform: Work, caller: By) -> Response[BurstCheckView]:
        """Say who would get a report if the schedule were due now, and what is wrong. No report is made."""
        with platform.records.begin() as session:
            check_id = check_schedule(session, platform, caller, schedule_id)
        return _answer(platform, check_id)


class BurstCheckController(Controller):
    """Bursts that are being written."""

    path = "/bursts"
    tags = ("schedules",)

    @post("/check", dto=StrictJson, return_dto=None, status_code=200, responses=CHECKED, sync_to_thread=True)
    def check(self, data: JSONBody[NewBurstCheck], platform: Work, caller: By) -> Response[BurstCheckView]:
        """Say who would get a report from a burst that is being written, and what is wrong. No report is made."""
        with platform.records.begin() as session:
            check_id = check_new(session, platform, caller, data)
        return _answer(platform, check_id)

    @get("/checks/{check_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, check_id: CheckId, platform: Work) -> BurstCheckView:
        """Show what came of a check."""
        with platform.records.read() as session:
            return shown_check(session, check_id)


def _answer(platform: Platform, check_id: UUID) -> Response[BurstCheckView]:
    answered = await_check(platform, check_id)
    if answered is not None:
        return Response(answered, status_code=200)
    with platform.records.read() as session:
        return Response(shown_check(session, check_id), status_code=HTTP_202_ACCEPTED)
