"""/api/v1/notices and /api/v1/announcements"""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, READS, Asking, By, Key, Work
from services.api.notices.announcing import announce_to_owners, find_announcement
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.problems import missing
from services.api.schemas.notices import (
    AnnouncementList,
    AnnouncementView,
    NewAnnouncement,
    NoticeCause,
    NoticeList,
    NoticeState,
    NoticeView,
)
from services.api.tables import AnnouncementRow, NoticeRow
from services.api.views.notices import announcement_view, notice_view

LATEST_NOTICES = Order(NoticeRow.created_at, NoticeRow.id)
LATEST_ANNOUNCEMENTS = Order(AnnouncementRow.created_at, AnnouncementRow.id)


class NoticeController(Controller):
    """What those who answer for schedules were told."""

    path = "/notices"
    tags = ("notices",)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        schedule: Annotated[UUID | None, QueryParameter(description="Only those about this schedule.")] = None,
        owner: Annotated[str | None, QueryParameter(description="Only those to this user.")] = None,
        announcement: Annotated[UUID | None, QueryParameter(description="Only those of this announcement.")] = None,
        cause: Annotated[NoticeCause | None, QueryParameter(description="Only those of this cause.")] = None,
        status: Annotated[
            NoticeState | None, QueryParameter(name="state", description="Only those in this state.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> NoticeList:
        """List notices, the latest first."""
        filters: tuple[tuple[InstrumentedAttribute[Any], object], ...] = (
            (NoticeRow.schedule_id, schedule),
            (NoticeRow.owner, owner),
            (NoticeRow.announcement_id, announcement),
            (NoticeRow.cause, cause),
            (NoticeRow.state, status),
        )
        query = select(NoticeRow).where(*(column == wanted for column, wanted in filters if wanted is not None))
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_NOTICES, Window(limit, cursor))
            return NoticeList([notice_view(row) for row in rows], next_url(request, following))

    @get("/{notice_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, notice_id: FromPath[UUID], platform: Work) -> NoticeView:
        """Show a notice."""
        with platform.records.read() as session:
            row = session.get(NoticeRow, notice_id)
            if row is None:
                raise missing(f"There is no notice {notice_id}.")
            return notice_view(row)


class AnnouncementController(Controller):
    """What the owners of schedules are told beforehand."""

    path = "/announcements"
    tags = ("notices",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewAnnouncement], platform: Work, caller: By, key: Key = None) -> AnnouncementView:
        """Announce something to each owner of an affected schedule, with a list of theirs."""
        with platform.records.begin() as session:
            request = asked(session, "announcement", caller, key, data, platform.now)
            if request.first:
                announce_to_owners(session, platform, caller, request.id, data)
                session.flush()
            return announcement_view(session, find_announcement(session, request.id))

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> AnnouncementList:
        """List announcements and who got them, the latest first."""
        with platform.records.read() as session:
            rows, following = page(session, select(AnnouncementRow), LATEST_ANNOUNCEMENTS, Window(limit, cursor))
            return AnnouncementList([announcement_view(session, row) for row in rows], next_url(request, following))

    @get("/{announcement_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, announcement_id: FromPath[UUID], platform: Work) -> AnnouncementView:
        """Show an announcement and who got it."""
        with platform.records.read() as session:
            return announcement_view(session, find_announcement(session, announcement_id))
