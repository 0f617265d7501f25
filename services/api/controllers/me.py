"""/api/v1/me"""

from __future__ import annotations

from litestar import Controller, get, patch
from litestar.params import JSONBody

from services.api.bodies import StrictJson
from services.api.controllers.common import READS, WRITES, By, Work
from services.api.me import change_myself, me_view, myself
from services.api.schemas.people import Me, MyChanges


class MeController(Controller):
    """The user whose token a request carries."""

    path = "/me"
    tags = ("people",)

    @get("/", responses=READS, sync_to_thread=True)
    def show(self, platform: Work, caller: By) -> Me:
        """Show who you are."""
        with platform.records.read() as session:
            return me_view(myself(session, caller))

    @patch("/", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def change(self, data: JSONBody[MyChanges], platform: Work, caller: By) -> Me:
        """Change your name or e-mail address. Schedules that you own follow."""
        with platform.records.begin() as session:
            return me_view(change_myself(session, platform, caller, data))
