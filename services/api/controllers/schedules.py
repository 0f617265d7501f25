"""/api/v1/reports/schedules"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, delete, get, patch, post
from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.definitions import created
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schedules import (
    change_schedule,
    create_schedule,
    delete_schedule,
    find_schedule,
)
from services.api.schemas.common import OccurrenceStatus
from services.api.schemas.schedules import (
    NewSchedule,
    OccurrenceList,
    ScheduleChanges,
    ScheduleList,
    ScheduleView,
)
from services.api.tables import OccurrenceRow, ScheduleRow, TemplateRow
from services.api.views.occurrences import occurrence_views
from services.api.views.schedules import schedule_view

LATEST_CREATED = Order(ScheduleRow.created_at, ScheduleRow.id)
LATEST_DUE = Order(OccurrenceRow.scheduled_for, OccurrenceRow.id)


class ScheduleController(Controller):
    """When reports are produced and who receives them."""

    path = "/reports/schedules"
    tags = ("schedules",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewSchedule], platform: Work, caller: By, key: Key = None) -> ScheduleView:
        """Create a schedule."""
        with platform.records.begin() as session:
            request = asked(session, "schedule", caller, key, data, platform.now)
            if request.first:
                create_schedule(session, platform, caller, request.id, data)
            return schedule_view(created(session, ScheduleRow, request.id), platform.now)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        report_type: Annotated[str | None, QueryParameter(description="Only those of this template.")] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> ScheduleList:
        """List the schedules, the latest first."""
        query = select(ScheduleRow)
        if report_type is not None:
            query = query.where(ScheduleRow.template.has(TemplateRow.slug == report_type))
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_CREATED, Window(limit, cursor))
            now = platform.now
            return ScheduleList([schedule_view(row, now) for row in rows], next_url(request, following))

    @get("/{schedule_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, schedule_id: FromPath[UUID], platform: Work) -> ScheduleView:
        """Show a schedule."""
        with platform.records.read() as session:
            return schedule_view(find_schedule(session, schedule_id), platform.now)

    @patch("/{schedule_id:uuid}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(
        self, schedule_id: FromPath[UUID], data: JSONBody[ScheduleChanges], platform: Work, caller: By
    ) -> ScheduleView:
        """Change a schedule, or pause and resume it with `active`."""
        with platform.records.begin() as session:
            return schedule_view(change_schedule(session, platform, caller, schedule_id, data), platform.now)

    @delete("/{schedule_id:uuid}", responses=DELETES, sync_to_thread=True)
    def remove(self, schedule_id: FromPath[UUID], platform: Work, caller: By) -> None:
        """Delete a schedule. What it has produced stays in the record."""
        with platform.records.begin() as session:
            delete_schedule(session, platform, caller, schedule_id)

    @get("/{schedule_id:uuid}/executions", responses=READS, sync_to_thread=True)
    def executions(
        self,
        request: Asking,
        schedule_id: FromPath[UUID],
        platform: Work,
        status: FromQuery[OccurrenceStatus | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> OccurrenceList:
        """List what became of the expected moments of a schedule, the latest first."""
        query = select(OccurrenceRow).where(OccurrenceRow.schedule_id == schedule_id)
        if status is not None:
            query = query.where(OccurrenceRow.status == status)
        with platform.records.read() as session:
            find_schedule(session, schedule_id)
            rows, following = page(session, query, LATEST_DUE, Window(limit, cursor))
            return OccurrenceList(occurrence_views(session, rows), next_url(request, following))
