"""/api/v1/dead-letters"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Controller, get, post
from litestar.params import FromPath, JSONBody, QueryParameter
from litestar.status_codes import HTTP_200_OK

from libs.common.messages import ErrorClass
from services.api.bodies import StrictJson
from services.api.controllers.common import READS, WRITES, Asking, By, Work
from services.api.dead_letters.causes import DeadStage
from services.api.dead_letters.deciding import discard, for_all, replay
from services.api.dead_letters.finding import causes, find_dead_letter, matching
from services.api.paging import DEFAULT_LIMIT, Cursor, Limit, Order, Window, next_url, page
from services.api.schemas.dead_letters import (
    CauseList,
    DeadLetterDetails,
    DeadLetterList,
    DeadState,
    Discard,
    DiscardAll,
    Matching,
    Replay,
    ReplayAll,
    Settled,
)
from services.api.tables import DeadLetterRow
from services.api.views.dead_letters import cause_view, dead_letter_details, dead_letter_view, schedules_of

LATEST_FAILED = Order(DeadLetterRow.failed_at, DeadLetterRow.id)


class DeadLetterController(Controller):
    """What failed for good and waits for a person."""

    path = "/dead-letters"
    tags = ("dead letters",)

    @get("/", responses=READS, sync_to_thread=True)
    def list_all(
        self,
        request: Asking,
        platform: Work,
        status: Annotated[
            DeadState | None, QueryParameter(name="state", description="Only those in this state, like open.")
        ] = None,
        stage: Annotated[DeadStage | None, QueryParameter(description="Only those of this stage.")] = None,
        error_class: Annotated[ErrorClass | None, QueryParameter(description="Only those of this class.")] = None,
        cause: Annotated[str | None, QueryParameter(description="Only those of this cause, by its id.")] = None,
        message: Annotated[str | None, QueryParameter(description="Only messages of this wire name.")] = None,
        report: Annotated[UUID | None, QueryParameter(description="Only those of this report.")] = None,
        schedule: Annotated[UUID | None, QueryParameter(description="Only those of this schedule.")] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> DeadLetterList:
        """List dead letters, the latest first."""
        wanted = Matching(
            cause=cause, stage=stage, error_class=error_class, message=message, report=report, schedule=schedule
        )
        query = matching(wanted)
        if status is not None:
            query = query.where(DeadLetterRow.state == status)
        with platform.records.read() as session:
            rows, following = page(session, query, LATEST_FAILED, Window(limit, cursor))
            known = schedules_of(session, rows)
            return DeadLetterList([dead_letter_view(row, known) for row in rows], next_url(request, following))

    @get("/causes", responses=READS, sync_to_thread=True)
    def list_causes(self, platform: Work) -> CauseList:
        """List why things failed, of all that is open, the most frequent cause first."""
        with platform.records.read() as session:
            return CauseList([cause_view(found) for found in causes(session)])

    @get("/{dead_letter_id:uuid}", responses=READS, sync_to_thread=True)
    def show(self, dead_letter_id: FromPath[UUID], platform: Work) -> DeadLetterDetails:
        """Show a dead letter with its attempts, its traceback and its payload."""
        with platform.records.read() as session:
            return dead_letter_details(session, find_dead_letter(session, dead_letter_id))

    @post(
        "/{dead_letter_id:uuid}/replay",
        dto=StrictJson,
        return_dto=None,
        status_code=HTTP_200_OK,
        responses=WRITES,
        sync_to_thread=True,
    )
    def replay_one(
        self, dead_letter_id: FromPath[UUID], data: JSONBody[Replay], platform: Work, caller: By
    ) -> DeadLetterDetails:
        """Try it again: as it was, changed, or afresh."""
        with platform.records.begin() as session:
            row = find_dead_letter(session, dead_letter_id, lock=True)
            replay(session, platform, caller, row, data)
            return dead_letter_details(session, row)

    @post(
        "/{dead_letter_id:uuid}/discard",
        dto=StrictJson,
        return_dto=None,
        status_code=HTTP_200_OK,
        responses=WRITES,
        sync_to_thread=True,
    )
    def discard_one(
        self, dead_letter_id: FromPath[UUID], data: JSONBody[Discard], platform: Work, caller: By
    ) -> DeadLetterDetails:
        """Let it be, with a reason. It stays in the record."""
        with platform.records.begin() as session:
            row = find_dead_letter(session, dead_letter_id, lock=True)
            discard(session, platform, caller, row, data)
            return dead_letter_details(session, row)

    @post("/replay", dto=StrictJson, return_dto=None, status_code=HTTP_200_OK, responses=WRITES, sync_to_thread=True)
    def replay_all(self, data: JSONBody[ReplayAll], platform: Work, caller: By) -> Settled:
        """Try all again that are open and match, the oldest first, up to 500 at a time."""
        with platform.records.begin() as session:
            wanted = Replay(how=data.how)
            return for_all(session, data.matching, lambda row: replay(session, platform, caller, row, wanted))

    @post("/discard", dto=StrictJson, return_dto=None, status_code=HTTP_200_OK, responses=WRITES, sync_to_thread=True)
    def discard_all(self, data: JSONBody[DiscardAll], platform: Work, caller: By) -> Settled:
        """Let all be that are open and match, up to 500 at a time."""
        with platform.records.begin() as session:
            wanted = Discard(reason=data.reason)
            return for_all(session, data.matching, lambda row: discard(session, platform, caller, row, wanted))
