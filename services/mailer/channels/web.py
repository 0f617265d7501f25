"""One POST to a web address, and what its answer means.

| what happened | means |
|---|---|
| 2xx | accepted |
| 408, 425, 429, 5xx | transient: the server asks us to come again, perhaps not before `Retry-After` seconds |
| 3xx | permanent: we go only where somebody told us to; the sentence names the new place's server |
| any other | permanent: it is about this report or this address |
| no server, no TLS, no trusted certificate, cut before the last byte of the request | transient |
| cut, or no answer in time, after the last byte | as `repeatable` says: transient, or nobody knows |
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from libs.common.errors import PressroomError
from services.mailer.answers import Answer, NoAnswer, NotNow, Refused
from services.mailer.channels.consignment import Consignment
from services.mailer.outgoing import NoReply, Outgoing, Reply

AGENT = "Pressroom"
_LATER = frozenset({408, 425, 429})


class Body:
    """A request body that knows whether its last byte has left."""

    def __init__(self, pieces: AsyncIterator[bytes]) -> None:
        self.is_out = False
        self._pieces = pieces

    async def __aiter__(self) -> AsyncIterator[bytes]:
        held = b""
        async for piece in self._pieces:
            if held:
                yield held
            held = piece
        self.is_out = True
        yield held


async def post(
    outgoing: Outgoing, consignment: Consignment, headers: Mapping[str, str], body: Body, *, repeatable: bool
) -> tuple[Answer, str]:
    """Send `body`, and return the answer and its text; raises as the table says.

    `repeatable`: the other side recognises what it has had before, so doing it again does no harm.
    """
    place = consignment.place
    auth = {"Authorization": place.basic_auth} if place.basic_auth else {}
    try:
        reply = await outgoing.post(place.url, {"User-Agent": AGENT, **auth, **headers}, body.__aiter__())
    except NoReply as failure:
        raise _unanswered(consignment, failure, repeatable=repeatable or not body.is_out) from failure
    answer = Answer(reply.status, consignment.clean(reply.text))
    if 200 <= reply.status < 300:
        return answer, reply.text
    raise _refusal(consignment, reply, answer)


def _refusal(consignment: Consignment, reply: Reply, answer: Answer) -> NotNow | Refused:
    said = f"{answer}" if answer.text else f"{reply.status} {_phrase(reply.status)}".strip()
    if 300 <= reply.status < 400:
        where = consignment.clean(_host(reply.headers.get("location", "")))
        to = f" to {where}" if where else ""
        return Refused(
            f"{consignment} answered with a redirect{to}, which is not followed; enter the new address: {said}", answer
        )
    if reply.status in _LATER or reply.status >= 500:
        failure = NotNow(f"{consignment} does not take it now: {said}", answer)
        wait = reply.headers.get("retry-after", "")
        failure.pause_seconds = float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 7 else None
        return failure
    return Refused(f"{consignment} refused it: {said}", answer)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _unanswered(consignment: Consignment, failure: NoReply, *, repeatable: bool) -> PressroomError:
    if repeatable:
        return NotNow(f"{consignment} {failure}.")
    return NoAnswer(f"{consignment} {failure} after it had been sent everything; it may have arrived.")


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
