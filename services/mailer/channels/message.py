"""Slack and Teams: one POST of a message. They cannot tell a repetition, so what may have arrived is `unknown`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import msgspec

from services.mailer.answers import NotNow
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.parcel import Parcel
from services.mailer.channels.web import Body, post
from services.mailer.outgoing import Outgoing
from services.mailer.senders import BeforeFinal, Receipt

_FAILED = "failed with error"
"""Teams has said this with the status 200."""


async def send_message(
    consignment: Consignment, draw: Callable[[Parcel], dict[str, Any]], outgoing: Outgoing, before_final: BeforeFinal
) -> Receipt:
    """Make one attempt with the message that `draw` makes."""
    content = msgspec.json.encode(draw(consignment.parcel))

    async def pieces() -> AsyncIterator[bytes]:
        await before_final()
        yield content

    headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
    answer, text = await post(outgoing, consignment, headers, Body(pieces()), repeatable=False)
    if _FAILED in text:
        raise NotNow(f"{consignment} took it and could not show it: {answer}", answer)
    return Receipt(answer=answer, form="link", bytes=len(content))
