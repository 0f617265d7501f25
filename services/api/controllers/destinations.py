"""/api/v1/destinations"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.controllers.delivery_tests import NO_ANSWER, TestId, answered, shown
from services.api.definitions import created
from services.api.destinations import (
    change_destination,
    create_destination,
    delete_destination,
    find_destination,
    request_destination_test,
)
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.delivery_tests import DeliveryTestView
from services.api.schemas.destinations import DestinationChanges, DestinationList, DestinationView, NewDestination
from services.api.tables import DestinationRow
from services.api.views.destinations import destination_view

Which = Annotated[str, PathParameter(description="The id or the name of the destination.")]

BY_NAME = Order(DestinationRow.name, DestinationRow.id, kind=str, descending=False)


class DestinationController(Controller):
    """Places that are no mailboxes. Their URLs and secrets are kept sealed and never shown."""

    path = "/destinations"
    tags = ("delivery",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewDestination], platform: Work, caller: By, key: Key = None) -> DestinationView:
        """Create a destination."""
        with platform.records.begin() as session:
            request = asked(session, "destination", caller, key, data, platform.now)
            if request.first:
                create_destination(session, platform, caller, request.id, data)
            return destination_view(created(session, DestinationRow, request.id))

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> DestinationList:
        """List the destinations, by name."""
        with platform.records.read() as session:
            rows, following = page(session, select(DestinationRow), BY_NAME, Window(limit, cursor))
            return DestinationList([destination_view(row) for row in rows], next_url(request, following))

    @get("/{which:str}", responses=READS, sync_to_thread=True)
    def show(self, which: Which, platform: Work) -> DestinationView:
        """Show a destination."""
        with platform.records.read() as session:
            return destination_view(find_destination(session, which))

    @patch("/{which:str}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, which: Which, data: JSONBody[DestinationChanges], platform: Work, caller: By) -> DestinationView:
        """Change a destination. The schedules that name it follow at once, under its new name too."""
        with platform.records.begin() as session:
            return destination_view(change_destination(session, platform, caller, which, data))

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a destination that no schedule names."""
        with platform.records.begin() as session:
            delete_destination(session, platform, caller, which)

    @post("/{which:str}/test", status_code=200, responses={**WRITES, **NO_ANSWER}, sync_to_thread=True)
    def test(self, which: Which, platform: Work, caller: By) -> Response[DeliveryTestView]:
        """Have a mailer send a few words to a destination, and say what came of it."""
        with platform.records.begin() as session:
            test_id = request_destination_test(session, platform, caller, which)
        return answered(platform, "destination", test_id)

    @get("/tests/{test_id:uuid}", responses=READS, sync_to_thread=True)
    def show_test(self, test_id: TestId, platform: Work) -> DeliveryTestView:
        """Show what came of a test."""
        return shown(platform, "destination", test_id)
