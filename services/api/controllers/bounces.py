"""/api/v1/bounces"""

from __future__ import annotations

from typing import Annotated

from litestar import Controller, post
from litestar.params import HeaderParameter, RawBody
from litestar.status_codes import HTTP_202_ACCEPTED

from libs.common.dsn import MAX_BYTES
from services.api.bounces import pass_on, told
from services.api.controllers.common import Work, problems
from services.api.schemas.consent import BounceResult

Kind = Annotated[
    str,
    HeaderParameter(name="Content-Type", description="message/rfc822 or text/plain for a mail, or application/json."),
]


class BounceController(Controller):
    """Letters that came back."""

    path = "/bounces"
    tags = ("recipients",)

    @post(
        "/",
        status_code=HTTP_202_ACCEPTED,
        request_max_body_size=MAX_BYTES,
        responses=problems(400, 401, 413, 415, 422, 503),
        sync_to_thread=True,
    )
    def tell(self, body: RawBody, platform: Work, media_type: Kind = "application/json") -> BounceResult:
        """Tell that a letter came back: the notice of a mail server as it is, or the same as JSON.

        The body is a delivery status notification (RFC 3464), a complaint (RFC 5965), or JSON with `delivery_id`,
        `message_id` or `address`, and `hard`, `complaint` and `diagnostic`. Telling the same twice changes nothing.
        """
        now = platform.now
        result, events = told(media_type, body, now)
        if events:
            with platform.records.begin() as session:
                pass_on(session, events, now)
        return result
