"""/api/v1/calendars"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.calendars import (
    calendar_view,
    change_calendar,
    create_calendar,
    delete_calendar,
    find_calendar,
)
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.definitions import created
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.calendars import CalendarChanges, CalendarList, CalendarView, NewCalendar
from services.api.tables import CalendarRow

Which = Annotated[str, PathParameter(description="The id or the name of the calendar.")]

BY_NAME = Order(CalendarRow.name, CalendarRow.id, kind=str, descending=False)


class CalendarController(Controller):
    """Days off: public holidays, own dates and weekends."""

    path = "/calendars"
    tags = ("calendars",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewCalendar], platform: Work, caller: By, key: Key = None) -> CalendarView:
        """Create a calendar."""
        with platform.records.begin() as session:
            request = asked(session, "calendar", caller, key, data, platform.now)
            if request.first:
                create_calendar(session, platform, caller, request.id, data)
            return calendar_view(created(session, CalendarRow, request.id))

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> CalendarList:
        """List the calendars, by name."""
        with platform.records.read() as session:
            rows, following = page(session, select(CalendarRow), BY_NAME, Window(limit, cursor))
            return CalendarList([calendar_view(row) for row in rows], next_url(request, following))

    @get("/{which:str}", responses=READS, sync_to_thread=True)
    def show(self, which: Which, platform: Work) -> CalendarView:
        """Show a calendar."""
        with platform.records.read() as session:
            return calendar_view(find_calendar(session, which))

    @patch("/{which:str}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, which: Which, data: JSONBody[CalendarChanges], platform: Work, caller: By) -> CalendarView:
        """Change a calendar. The schedules that keep to it follow at once."""
        with platform.records.begin() as session:
            return calendar_view(change_calendar(session, platform, caller, which, data))

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a calendar that no schedule keeps to."""
        with platform.records.begin() as session:
            delete_calendar(session, platform, caller, which)
