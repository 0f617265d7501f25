"""/api/v1/recipients and /api/v1/suppressions"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from email_validator import EmailNotValidError
from litestar import Controller, delete, get, post, put
from litestar.params import JSONBody, PathParameter, QueryParameter
from litestar.status_codes import HTTP_200_OK
from sqlalchemy import select

from libs.common.delivering import SuppressionCause
from libs.common.mail_addresses import why_not
from services.api.bodies import StrictJson
from services.api.consent import forget_preference, release, set_preference, suppress, suppression_of
from services.api.controllers.common import DELETES, READS, WRITES, Asking, By, Work, problems
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.problems import missing, wrong
from services.api.recipients import normalised, wanted_address
from services.api.schemas.consent import (
    NewPreference,
    NewSuppression,
    Reason,
    RecipientDetails,
    SuppressionList,
    SuppressionView,
)
from services.api.tables import ScheduleRow, SuppressionRow
from services.api.views.consent import recipient_details, suppression_view
from services.api.words import shown

Which = Annotated[str, PathParameter(description="The e-mail address.", max_length=320)]
Schedule = Annotated[UUID | None, QueryParameter(description="The id of a schedule. Without it: all schedules.")]
Why = Annotated[Reason | None, QueryParameter(description="Why it may be written to again, for those who ask later.")]

LATEST_CHANGED = Order(SuppressionRow.changed_at, SuppressionRow.id)


class RecipientController(Controller):
    """What recipients want, and what they got."""

    path = "/recipients/{address:str}"
    tags = ("recipients",)

    @get("/", responses=READS, sync_to_thread=True)
    def show(self, address: Which, platform: Work) -> RecipientDetails:
        """Show what is known of a recipient: what they want, whether they can be written to, what they got."""
        known = _known(address)
        with platform.records.read() as session:
            return recipient_details(session, known, platform.settings.allowed)

    @put("/preferences", dto=StrictJson, return_dto=None, responses=WRITES, sync_to_thread=True)
    def prefer(self, address: Which, data: JSONBody[NewPreference], platform: Work, caller: By) -> RecipientDetails:
        """Say for a recipient whether they want the letters of a schedule, or of all. The last word counts."""
        known, by = _known(address), caller
        with platform.records.begin() as session:
            if data.schedule is not None and session.get(ScheduleRow, data.schedule) is None:
                raise wrong("schedule", f"schedule must be the id of a schedule; none has the id {data.schedule}.")
            set_preference(
                session,
                known,
                data.schedule,
                wanted=data.wanted,
                by=by.name,
                now=platform.now,
                user_id=by.user_id,
            )
            return recipient_details(session, known, platform.settings.allowed)

    @delete("/preferences", responses=DELETES, sync_to_thread=True)
    def forget(self, address: Which, platform: Work, caller: By, schedule: Schedule = None) -> None:
        """Take back what was said about a schedule, or about all of them."""
        known, now = _known(address), platform.now
        with platform.records.begin() as session:
            if not forget_preference(session, known, schedule, by=caller.name, now=now, user_id=caller.user_id):
                raise missing(f"Nothing was said by or for {known} about {schedule or 'all schedules'}.")


class SuppressionController(Controller):
    """Addresses that nobody may write to."""

    path = "/suppressions"
    tags = ("recipients",)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        cause: Annotated[SuppressionCause | None, QueryParameter(description="Only those with this cause.")] = None,
        search: Annotated[
            str | None, QueryParameter(max_length=320, description="Only addresses with this in them.")
        ] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> SuppressionList:
        """List the addresses that nobody may write to, the latest first."""
        query = select(SuppressionRow).where(SuppressionRow.suppressed.is_(True))
        if cause is not None:
            query = query.where(SuppressionRow.cause == cause)
        if search:
            query = query.where(SuppressionRow.address.contains(search.lower(), autoescape=True))
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_CHANGED, Window(limit, cursor))
            return SuppressionList([suppression_view(row) for row in rows], next_url(request, following))

    @post("/", dto=StrictJson, return_dto=None, status_code=HTTP_200_OK, responses=WRITES, sync_to_thread=True)
    def add(self, data: JSONBody[NewSuppression], platform: Work, caller: By) -> SuppressionView:
        """Let nobody write to an address any more. One that is on the list stays as it is."""
        address, now = wanted_address(data.address, "address"), platform.now
        with platform.records.begin() as session:
            row = suppress(session, address, data.cause, data.reason, by=caller.name, now=now, user_id=caller.user_id)
            return suppression_view(row)

    @delete("/{address:str}", responses={**DELETES, **problems(422)}, sync_to_thread=True)
    def remove(self, address: Which, platform: Work, caller: By, reason: Why = None) -> None:
        """Let people write to an address again; it needs a reason."""
        with platform.records.begin() as session:
            now = platform.now
            if reason is None and suppression_of(session, address) is not None:
                raise wrong("reason", "reason must say in a sentence why the address may be written to again.")
            if not release(session, address.strip(), reason or "", by=caller.name, now=now, user_id=caller.user_id):
                raise missing(f"{address.strip()} is not on the list.")


def _known(given: str) -> str:
    """The address in a path; what is none belongs to nobody."""
    try:
        return normalised(given)
    except EmailNotValidError as error:
        raise missing(f"There is no recipient {shown(given)}: {why_not(error)}") from error
