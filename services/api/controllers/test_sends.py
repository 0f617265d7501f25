"""/api/v1/reports/schedules/…/test"""

from __future__ import annotations

from uuid import UUID

import msgspec
from litestar import Controller, Response, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.api.bodies import StrictJson
from services.api.controllers.common import WRITES, By, Key, Work
from services.api.once import asked
from services.api.schemas.test_send import NewTestSend, TestSendView
from services.api.test_send import await_test_send, found_test_send, request_test_send
from services.api.views.test_send import test_send_view

TO_ME = NewTestSend()


class _Wanted(msgspec.Struct, frozen=True):
    """What an Idempotency-Key stands for: the body alone does not name the schedule."""

    schedule_id: UUID
    body: NewTestSend


class TestSendController(Controller):
    """The report of a schedule, made now and sent to one mailbox only."""

    path = "/reports/schedules"
    tags = ("schedules",)

    @post(
        "/{schedule_id:uuid}/test",
        dto=StrictJson,
        return_dto=None,
        status_code=200,
        responses={**WRITES, 202: ResponseSpec(TestSendView, description="It takes longer; see `links.progress`.")},
        sync_to_thread=True,
    )
    def send(
        self,
        schedule_id: FromPath[UUID],
        platform: Work,
        caller: By,
        data: JSONBody[NewTestSend] = TO_ME,
        key: Key = None,
    ) -> Response[TestSendView]:
        """Make the report of a schedule with today's parameters, send it to you only, and say what came of it.

        Nobody else gets anything, conditions are passed over, and the schedule remembers nothing of it.
        """
        with platform.records.begin() as session:
            request = asked(session, "report", caller, key, _Wanted(schedule_id, data), platform.now)
            if request.first:
                request_test_send(session, platform, caller, request.id, schedule_id, data)
        ended = await_test_send(platform, request.id)
        with platform.records.read() as session:
            shown = test_send_view(found_test_send(session, request.id))
        return Response(shown, status_code=200 if ended else 202, headers={"Location": shown.links.self})
