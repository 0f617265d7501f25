"""/api/v1/sources"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, Response, delete, get, patch, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import JSONBody, PathParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work, problems
from services.api.definitions import created
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.sources import NewSource, SourceChanges, SourceList, SourceTestView, SourceView
from services.api.source_tests import await_test, find_test, request_test
from services.api.sources import change_source, create_source, delete_source, find_source
from services.api.tables import SourceRow
from services.api.views.sources import source_test_view, source_view

Which = Annotated[str, PathParameter(description="The id or the name of the source.")]

TestId = Annotated[UUID, PathParameter(description="The id of the test.")]

TESTS = problems(400, 401, 404, 503)

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
            return source_view(created(session, SourceRow, request.id))

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

    @post(
        "/{which:str}/test",
        status_code=200,
        responses={
            **TESTS,
            202: ResponseSpec(SourceTestView, description="No generator has answered yet; look again."),
        },
        sync_to_thread=True,
    )
    def test(self, which: Which, platform: Work, caller: By) -> Response[SourceTestView]:
        """Have a generator connect to a source, read from it and try to write, and say what came of it."""
        with platform.records.begin() as session:
            test_id = request_test(session, platform, caller, which)
        answered = await_test(platform, test_id)
        if answered is not None:
            return Response(source_test_view(answered), status_code=200)
        with platform.records.read() as session:
            return Response(source_test_view(find_test(session, which, test_id)), status_code=202)

    @get("/{which:str}/tests/{test_id:uuid}", responses=READS, sync_to_thread=True)
    def show_test(self, which: Which, test_id: TestId, platform: Work) -> SourceTestView:
        """Show what came of a test."""
        with platform.records.read() as session:
            return source_test_view(find_test(session, which, test_id))

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a source that no template uses."""
        with platform.records.begin() as session:
            delete_source(session, platform, caller, which)
