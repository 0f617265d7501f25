"""/api/v1/unsubscribe"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from typing import Annotated, Any

from litestar import Controller, Response, get, post
from litestar.concurrency import sync_to_thread
from litestar.exceptions import HTTPException
from litestar.params import PathParameter

from libs.common.errors import TransientFailure
from libs.common.links import Link, LinkExpired, LinkForged, read
from services.api.access import OPEN_TO_ALL
from services.api.controllers.common import Asking, Work, problems
from services.api.controllers.operations import OPEN
from services.api.human_page import wants_page
from services.api.platform import Platform
from services.api.problems import MEDIA_TYPE, Refused
from services.api.unsubscribe import choice_in, choose, wishes
from services.api.views.unsubscribe import HEADERS, problem_page, wishes_page

Token = Annotated[str, PathParameter(description="What the link in the letter ends with.")]
Page = Response[str]

HTML = "text/html"

PROBLEMS = problems(400, 404, 410, 503)
"""For programs; a browser gets a page that says the same."""


class UnsubscribeController(Controller):
    """Letters that somebody does not want any more. The link in a letter is all that is needed."""

    path = "/unsubscribe/{token:str}"
    tags = ("recipients",)
    opt = {OPEN_TO_ALL: True}  # noqa: RUF012
    security = OPEN

    @get("/", media_type=HTML, responses=PROBLEMS, sync_to_thread=True)
    def show(self, token: Token, request: Asking, platform: Work) -> Response[Any]:
        """Show what the recipient of a letter wants, and what can be chosen. Nothing changes: scanners follow links."""
        return _answered(platform, token, request, _shown)

    @post("/", status_code=200, media_type=HTML, responses=PROBLEMS)
    async def choose(self, token: Token, request: Asking, platform: Work) -> Response[Any]:
        """Unsubscribe, or subscribe again. Mail programs do it with one click (RFC 8058); twice is once."""
        try:
            form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
        except (HTTPException, ValueError):
            form = {}
        return await sync_to_thread(_answered, platform, token, request, partial(_chosen, form=form))


def _shown(platform: Platform, link: Link) -> Page:
    with platform.records.read() as session:
        return _page(wishes_page(wishes(session, link), changed=False))


def _chosen(platform: Platform, link: Link, *, form: Mapping[str, str]) -> Page:
    choice = choice_in(form, link)
    if choice is None:
        raise Refused(HTTPStatus.BAD_REQUEST, "Nothing was chosen, so nothing has changed.")
    with platform.records.begin() as session:
        choose(session, link, choice, platform.now)
        session.flush()
        return _page(wishes_page(wishes(session, link), changed=True))


def _answered(
    platform: Platform, token: str, request: Asking, answer: Callable[[Platform, Link], Page]
) -> Response[Any]:
    """The page for the link, or why there is none."""
    try:
        return answer(platform, _link(platform, token))
    except TransientFailure:
        # Answered here, because the general way would log the path, and whoever has it may unsubscribe the recipient.
        refused = Refused(HTTPStatus.SERVICE_UNAVAILABLE, "This is not possible just now; try again later.")
    except Refused as failure:
        refused = failure
    if wants_page(request.headers.get("Accept", "")):
        return _page(problem_page(refused.detail), refused.status)
    return Response(refused.problem(), status_code=refused.status.value, media_type=MEDIA_TYPE)


def _link(platform: Platform, token: str) -> Link:
    """What the link is for; Refused if it does not work."""
    try:
        link = read(platform.settings.seal_keys, token, platform.now)
    except LinkExpired as failure:
        raise Refused(HTTPStatus.GONE, str(failure)) from failure
    except LinkForged as failure:
        raise Refused(HTTPStatus.NOT_FOUND, str(failure)) from failure
    if link.kind != "unsubscribe" or not link.address:
        raise Refused(HTTPStatus.NOT_FOUND, "This link is not for unsubscribing.")
    return link


def _page(text: str, status: HTTPStatus = HTTPStatus.OK) -> Page:
    return Response(text, status_code=status, media_type=HTML, headers=HEADERS)
