"""/api/v1/reports"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, FromQuery, HeaderParameter, JSONBody, QueryParameter
from litestar.response import Stream
from litestar.status_codes import HTTP_202_ACCEPTED, HTTP_304_NOT_MODIFIED
from sqlalchemy import select

from libs.common.messages import FileFormat
from services.api import download
from services.api.bodies import StrictJson
from services.api.bursts import burst_of
from services.api.controllers.common import CREATES, READS, WRITES, Asking, By, Key, Work, problems
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.reports import approve_report, cancel_report, find_report, request_report
from services.api.schemas.common import ReportStatus
from services.api.schemas.reports import (
    AcceptedReport,
    CancelAccepted,
    CancelReport,
    NewReport,
    Progress,
    ReportList,
    ReportView,
)
from services.api.tables import OccurrenceRow, ReportRow
from services.api.views.reports import accepted, cancel_accepted, progress, report_summary, report_view

LATEST_CREATED = Order(ReportRow.created_at, ReportRow.id)

FILE = {
    200: ResponseSpec(bytes, description="The file.", media_type="application/octet-stream", generate_examples=False)
}


NOTHING_SAID = CancelReport()


class ReportController(Controller):
    """Reports: asked for, produced, delivered."""

    path = "/reports"
    tags = ("reports",)

    @post("/", dto=StrictJson, return_dto=None, status_code=HTTP_202_ACCEPTED, responses=CREATES, sync_to_thread=True)
    def create(
        self, data: JSONBody[NewReport], platform: Work, caller: By, key: Key = None
    ) -> Response[AcceptedReport]:
        """Ask for a report now. It is produced in the background: see `links.progress`."""
        with platform.records.begin() as session:
            request = asked(session, "report", caller, key, data, platform.now)
            if request.first:
                request_report(session, platform, caller, request.id, data)
            answer = accepted(find_report(session, request.id))
        return Response(answer, status_code=HTTP_202_ACCEPTED, headers={"Location": answer.links.self})

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        status: FromQuery[ReportStatus | None] = None,
        report_type: Annotated[str | None, QueryParameter(description="Only those of this template.")] = None,
        schedule: Annotated[UUID | None, QueryParameter(description="Only those of this schedule.")] = None,
        parent: Annotated[
            UUID | None, QueryParameter(description="Those of the burst of this report; else they are left out.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> ReportList:
        """List reports, the latest first."""
        query = select(ReportRow).where(ReportRow.parent_id == parent)
        if status is not None:
            query = query.where(ReportRow.status == status)
        if report_type is not None:
            query = query.where(ReportRow.report_type == report_type)
        if schedule is not None:
            query = query.where(ReportRow.schedule_id == schedule)
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_CREATED, Window(limit, cursor))
            return ReportList([report_summary(row) for row in rows], next_url(request, following))

    @get("/{report_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, report_id: FromPath[UUID], platform: Work) -> ReportView:
        """Show a report with its files, deliveries and times."""
        with platform.records.read() as session:
            row = find_report(session, report_id, whole=True)
            occurrence = session.get(OccurrenceRow, row.occurrence_id) if row.occurrence_id else None
            burst = burst_of(session, report_id) if row.phase == "spread" else None
            return report_view(row, occurrence, burst)

    @get("/{report_id:uuid}/progress", responses=READS, sync_to_thread=True)
    def progress(self, report_id: FromPath[UUID], platform: Work) -> Progress:
        """Show how far a report is. Cheap: ask as often as you like."""
        with platform.records.read() as session:
            return progress(find_report(session, report_id))

    @post(
        "/{report_id:uuid}/cancel",
        dto=StrictJson,
        return_dto=None,
        status_code=HTTP_202_ACCEPTED,
        responses=WRITES,
        sync_to_thread=True,
    )
    def cancel(
        self, report_id: FromPath[UUID], platform: Work, caller: By, data: JSONBody[CancelReport] = NOTHING_SAID
    ) -> CancelAccepted:
        """Stop a report, or never begin it. What is ordered from the mailer already goes on."""
        with platform.records.begin() as session:
            return cancel_accepted(cancel_report(session, platform, caller, report_id, data))

    @post("/{report_id:uuid}/approve", status_code=HTTP_202_ACCEPTED, responses=WRITES, sync_to_thread=True)
    def approve(self, report_id: FromPath[UUID], platform: Work, caller: By) -> AcceptedReport:
        """Let a report that is held be sent. Approving it again changes nothing; to refuse it, cancel it."""
        with platform.records.begin() as session:
            return accepted(approve_report(session, platform, caller, report_id))

    @get(
        "/{report_id:uuid}/download",
        responses={**READS, **problems(409, 410), **FILE},
        media_type="application/octet-stream",
        sync_to_thread=True,
    )
    def download(
        self,
        report_id: FromPath[UUID],
        platform: Work,
        wanted: Annotated[
            FileFormat | None, QueryParameter(name="format", description="Not needed if the report has just one file.")
        ] = None,
        filename: Annotated[
            str | None, QueryParameter(description="For a report with several files of one format.")
        ] = None,
        if_none_match: Annotated[str | None, HeaderParameter(name="If-None-Match", description="An ETag.")] = None,
    ) -> Response[Any]:
        """Download a file. Its ETag is its SHA-256."""
        with platform.records.read() as session:
            artifact = download.chosen(find_report(session, report_id, whole=True), wanted, filename)
        if download.is_known(if_none_match, artifact):
            return Response(b"", status_code=HTTP_304_NOT_MODIFIED, headers={"ETag": download.etag(artifact)})
        return Stream(download.pieces(platform.artifacts, artifact.key), headers=download.headers(artifact))
