"""/api/v1/smtp-profiles"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, Response, delete, get, patch, post
from litestar.params import JSONBody, PathParameter
from sqlalchemy import select

from services.api.bodies import StrictJson
from services.api.controllers.common import CREATES, DELETES, READS, WRITES, Asking, By, Key, Work
from services.api.controllers.delivery_tests import NO_ANSWER, TestId, answered, shown
from services.api.definitions import created
from services.api.once import asked
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.profiles import (
    change_profile,
    create_profile,
    delete_profile,
    find_profile,
    request_profile_test,
)
from services.api.schemas.delivery_tests import DeliveryTestView
from services.api.schemas.profiles import NewProfile, NewProfileTest, ProfileChanges, ProfileList, ProfileView
from services.api.tables import ProfileRow
from services.api.views.profiles import profile_view

Which = Annotated[str, PathParameter(description="The id or the name of the profile.")]

BY_NAME = Order(ProfileRow.name, ProfileRow.id, kind=str, descending=False)

TO_ME = NewProfileTest()


class ProfileController(Controller):
    """Mail servers, and who writes through them. Their passwords are kept sealed and never shown."""

    path = "/smtp-profiles"
    tags = ("delivery",)

    @post("/", dto=StrictJson, return_dto=None, responses=CREATES, sync_to_thread=True)
    def create(self, data: JSONBody[NewProfile], platform: Work, caller: By, key: Key = None) -> ProfileView:
        """Create a profile. The first one is the default."""
        with platform.records.begin() as session:
            request = asked(session, "profile", caller, key, data, platform.now)
            if request.first:
                create_profile(session, platform, caller, request.id, data)
            return profile_view(created(session, ProfileRow, request.id))

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self, request: Asking, platform: Work, limit: Limit = DEFAULT_LIMIT, cursor: Cursor = None
    ) -> ProfileList:
        """List the profiles, by name."""
        with platform.records.read() as session:
            rows, following = page(session, select(ProfileRow), BY_NAME, Window(limit, cursor))
            return ProfileList([profile_view(row) for row in rows], next_url(request, following))

    @get("/{which:str}", responses=READS, sync_to_thread=True)
    def show(self, which: Which, platform: Work) -> ProfileView:
        """Show a profile."""
        with platform.records.read() as session:
            return profile_view(find_profile(session, which))

    @patch("/{which:str}", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, which: Which, data: JSONBody[ProfileChanges], platform: Work, caller: By) -> ProfileView:
        """Change a profile. The schedules that use it follow at once, under its new name too."""
        with platform.records.begin() as session:
            return profile_view(change_profile(session, platform, caller, which, data))

    @delete("/{which:str}", responses=DELETES, sync_to_thread=True)
    def remove(self, which: Which, platform: Work, caller: By) -> None:
        """Delete a profile that no schedule names and that is not the default, or the last one."""
        with platform.records.begin() as session:
            delete_profile(session, platform, caller, which)

    @post(
        "/{which:str}/test",
        dto=StrictJson,
        return_dto=None,
        status_code=200,
        responses={**WRITES, **NO_ANSWER},
        sync_to_thread=True,
    )
    def test(
        self, which: Which, platform: Work, caller: By, data: JSONBody[NewProfileTest] = TO_ME
    ) -> Response[DeliveryTestView]:
        """Have a mailer send a letter through a profile, and say what came of it."""
        with platform.records.begin() as session:
            test_id = request_profile_test(session, platform, caller, which, data)
        return answered(platform, "profile", test_id)

    @get("/tests/{test_id:uuid}", responses=READS, sync_to_thread=True)
    def show_test(self, test_id: TestId, platform: Work) -> DeliveryTestView:
        """Show what came of a test."""
        return shown(platform, "profile", test_id)
