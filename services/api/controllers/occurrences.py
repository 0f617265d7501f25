"""/api/v1/occurrences"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get
from litestar.params import FromPath, FromQuery, QueryParameter
from sqlalchemy import select

from services.api.controllers.common import READS, Asking, Work
from services.api.controllers.schedules import LATEST_DUE
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Window, next_url, page
from services.api.problems import missing
from services.api.schemas.common import OccurrenceStatus
from services.api.schemas.schedules import OccurrenceList, OccurrenceView
from services.api.tables import OccurrenceRow
from services.api.views.occurrences import occurrence_views


class OccurrenceController(Controller):
    """What should have happened, and what did. The occurrences of a deleted schedule stay here."""

    path = "/occurrences"
    tags = ("occurrences",)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        schedule: Annotated[UUID | None, QueryParameter(description="Only those of this schedule.")] = None,
        status: FromQuery[OccurrenceStatus | None] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> OccurrenceList:
        """List occurrences, the latest first."""
        query = select(OccurrenceRow)
        if schedule is not None:
            query = query.where(OccurrenceRow.schedule_id == schedule)
        if status is not None:
            query = query.where(OccurrenceRow.status == status)
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_DUE, Window(limit, cursor))
            return OccurrenceList(occurrence_views(session, rows), next_url(request, following))

    @get("/{occurrence_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, occurrence_id: FromPath[UUID], platform: Work) -> OccurrenceView:
        """Show an occurrence."""
        with platform.records.read() as session:
            row = session.get(OccurrenceRow, occurrence_id)
            if row is None:
                raise missing(f"There is no occurrence {occurrence_id}.")
            return occurrence_views(session, [row])[0]
