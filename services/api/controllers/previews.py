"""/api/v1/reports/schedules/…/preview"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from services.api.bodies import StrictJson
from services.api.calendars import calendar_for
from services.api.controllers.common import READS, Work, problems
from services.api.problems import Findings
from services.api.schedules import find_schedule
from services.api.schemas.calendars import NewPreview, Preview
from services.api.timings import check_timing, new_timing, offset, preview_of, timing_of

Count = Annotated[int, QueryParameter(ge=1, le=100, description="How many moments to show.")]


class PreviewController(Controller):
    """What a timing means: its next moments, with the reason for every shift and skip."""

    path = "/reports/schedules"
    tags = ("schedules",)

    @get("/{schedule_id:uuid}/preview", responses=READS, sync_to_thread=True)
    def show(self, schedule_id: FromPath[UUID], platform: Work, count: Count = 10) -> Preview:
        """Show the next moments of a schedule, as if it were active."""
        with platform.records.read() as session:
            row = find_schedule(session, schedule_id)
            return preview_of(timing_of(row), platform.now, count, offset(row))

    @post(
        "/preview",
        dto=StrictJson,
        return_dto=None,
        status_code=HTTP_200_OK,
        responses=problems(400, 401, 413, 422, 503),
        sync_to_thread=True,
    )
    def foresee(self, data: JSONBody[NewPreview], platform: Work) -> Preview:
        """Show the next moments of a timing that is being written."""
        now = platform.now
        with platform.records.read() as session, Findings() as wrong:
            timing = new_timing(data, calendar_for(session, data.calendar, wrong), now)
            check_timing(timing, wrong, platform.settings.least_between_reports, None)
        return preview_of(timing, now, data.count)
