"""/api/v1/sources"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.sources import NewSource, SourceChanges, SourceList, SourceView
from services.api.sources import change_source, create_source, created_source, delete_source, find_source
from services.api.tables import SourceRow
from services.api.views.sources import source_view

Which = Annotated[str, PathParameter(description="The id or the name of the source.")]

BY_NAME = Order(SourceRow.name, SourceRow.id, kind=str, descending=False)


class SourceController(Controller):
    """Databases that reports read from. Their URLs are kept sealed and never shown."""

    path = "/sources"
    tags = ("sources",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewSource], platform: Work, caller: By, key: Key = None) -> SourceView:
        """Create a source."""
        with platform.records.begin() as session:
            request = asked(session, "source", caller, key, data, platform.now)
            if request.first:
                create_source(session, platform, caller, request.id, data)
            return source_view(created_source(session, request.id))

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> SourceList:
        """List the sources, by name."""
        with platform.records.read() as session:
            rows, following = page(session, select(SourceRow), BY_NAME, Window(limit, cursor))
            return SourceList([source_view(row) for row in rows], next_url(request, following))

    @get("/{which:str}", responses=READS, sync_to_thread=True)
    def show(self, which: Which, platform: Work) -> SourceView:
        """Show a source."""
        with platform.records.read() as session:
            return source_view(find_source(session, which))

    @patch("/{which:str}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, which: Which, data: JSONBody[SourceChanges], platform: Work, caller: By) -> SourceView:
        """Change a source. The schedules that read from it follow at once."""
        with platform.records.begin() as session:
            return source_view(change_source(session, platform, caller, which, data))

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a source that no template uses."""
        with platform.records.begin() as session:
            delete_source(session, platform, caller, which)
