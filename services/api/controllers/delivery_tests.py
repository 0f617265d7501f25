"""What the routes of profiles and destinations share: a test is asked for, waited for and looked at again."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from litestar import Response
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import PathParameter

from services.api.delivery_tests import Kind, await_delivery_test, find_delivery_test
from services.api.platform import Platform
from services.api.schemas.delivery_tests import DeliveryTestView
from services.api.views.delivery_tests import delivery_test_view

TestId = Annotated[UUID, PathParameter(description="The id of the test.")]

NO_ANSWER = {202: ResponseSpec(DeliveryTestView, description="No mailer has answered yet; look again.")}


def answered(platform: Platform, kind: Kind, test_id: UUID) -> Response[DeliveryTestView]:
    """What came of the test: 200 once a mailer has answered, 202 if none does in time."""
    row = await_delivery_test(platform, test_id)
    if row is not None:
        return Response(delivery_test_view(row), status_code=200)
    return Response(shown(platform, kind, test_id), status_code=202)


def shown(platform: Platform, kind: Kind, test_id: UUID) -> DeliveryTestView:
    """How the test stands; Refused (404) if there is none."""
    with platform.records.read() as session:
        return delivery_test_view(find_delivery_test(session, kind, test_id))
