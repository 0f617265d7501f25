"""/api/v1/maintenance"""

from __future__ import annotations

from typing import Annotated
from uuid import uuid4

import msgspec
from litestar import Controller, post
from litestar.status_codes import HTTP_202_ACCEPTED

from libs.common.messages import DeleteExpired
from libs.common.outbox import Outbox
from services.api.audit import note
from services.api.controllers.common import By, Work, problems


class Ordered(msgspec.Struct):
    """The work is ordered and will be done in the background."""

    detail: Annotated[str, msgspec.Meta(description="What happens now, in a sentence.")]


class MaintenanceController(Controller):
    """Work that keeps the house clean."""

    path = "/maintenance"
    tags = ("operations",)

    @post("/delete-expired", status_code=HTTP_202_ACCEPTED, responses=problems(400, 401, 503), sync_to_thread=True)
    def delete_expired(self, platform: Work, caller: By) -> Ordered:
        """Delete the files whose time is over now, without waiting for the generator's own round every hour."""
        now = platform.now
        with platform.records.begin() as session:
            note(session, caller, "requested", "maintenance", uuid4(), now, work="delete expired files")
            Outbox(session, now).add(DeleteExpired(requested_at=now))
        return Ordered("Files whose time is over are deleted; each report tells when its own were.")
