"""/api/v1/links and /api/v1/deliveries/…/links"""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from litestar import Controller, Request, Response, delete, get, post, route
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody, PathParameter
from litestar.response import Stream

from libs.common.errors import TransientFailure
from services.api import download
from services.api.access import OPEN_TO_ALL
from services.api.bodies import StrictJson
from services.api.controllers.common import DELETES, READS, WRITES, By, Work, problems
from services.api.human_page import human_page, wants_page
from services.api.links import advice, count_download, linked_file, renew_links, revoke_links, show_links
from services.api.problems import MEDIA_TYPE, Refused
from services.api.schemas.links import DeliveryLinks, NewLinks

FILE = {
    200: ResponseSpec(bytes, description="The file.", media_type="application/octet-stream", generate_examples=False)
}

Token = Annotated[str, PathParameter(description="What the link in the letter ends with.")]

AS_LONG_AS_ALLOWED = NewLinks()

_HEADERS = {
    "Cache-Control": "private, no-store",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
}


class LinkController(Controller):
    """Files behind links in letters: no account is needed, the link says it all."""

    path = "/links"
    tags = ("deliveries",)

    @route(
        "/{token:str}",
        http_method=["GET", "HEAD"],
        opt={OPEN_TO_ALL: True},
        security=[{}],
        status_code=200,
        media_type="application/octet-stream",
        responses={**problems(404, 410, 503), **FILE},
        sync_to_thread=True,
    )
    def follow(self, request: Request[Any, Any, Any], token: Token, platform: Work) -> Response[Any]:
        """Download the file that a link in a letter is for. Each GET is counted."""
        try:
            return _file(platform, token, counted=request.method == "GET")
        except TransientFailure:
            # Handled here, because the general way would log the path, and whoever has it has the file.
            refused = Refused(HTTPStatus.SERVICE_UNAVAILABLE, "The file cannot be fetched just now.")
        except Refused as error:
            refused = error
        if wants_page(request.headers.get("Accept", "")):
            return human_page("This file cannot be downloaded", [refused.detail, advice(refused)], refused.status)
        return Response(refused.problem(), status_code=refused.status.value, media_type=MEDIA_TYPE)


class DeliveryLinkController(Controller):
    """The links to the files of a delivery: how often they were followed, new ones, none any more."""

    path = "/deliveries"
    tags = ("deliveries",)

    @get("/{delivery_id:uuid}/links", responses=READS, sync_to_thread=True)
    def show(self, delivery_id: FromPath[UUID], platform: Work) -> DeliveryLinks:
        """Show how often each file was downloaded over a link."""
        with platform.records.read() as session:
            return show_links(session, platform, delivery_id)

    @post(
        "/{delivery_id:uuid}/links",
        dto=StrictJson,
        return_dto=None,
        status_code=200,
        responses={**WRITES, **problems(410)},
        sync_to_thread=True,
    )
    def renew(
        self, delivery_id: FromPath[UUID], platform: Work, caller: By, data: JSONBody[NewLinks] = AS_LONG_AS_ALLOWED
    ) -> DeliveryLinks:
        """Make new links, for example for somebody whose own have expired."""
        with platform.records.begin() as session:
            return renew_links(session, platform, caller, delivery_id, data)

    @delete("/{delivery_id:uuid}/links", responses=DELETES, sync_to_thread=True)
    def revoke(self, delivery_id: FromPath[UUID], platform: Work, caller: By) -> None:
        """Let every link made so far work no more."""
        with platform.records.begin() as session:
            revoke_links(session, platform, caller, delivery_id)


def _file(platform: Work, token: str, *, counted: bool) -> Response[Any]:
    with platform.records.read() as session:
        link, artifact = linked_file(session, platform, token)
    headers = {**download.headers(artifact), **_HEADERS}
    if not counted:
        return Response(b"", headers=headers)
    pieces = download.pieces(platform.artifacts, artifact.key)
    with platform.records.begin() as session:
        count_download(session, link, platform.now)
    return Stream(pieces, headers=headers)
