"""Chats of all kinds, through Apprise (https://appriseit.com), which knows how each of them is spoken to.

Apprise makes its own connections, so it works in a process of its own (`chat_child.py`) that refuses every connection
to an address that may not be reached, redirects included, and that ends when its time is over. It knows nothing of the
mailer's environment.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from libs.common.networks import refusal
from services.mailer.answers import Answer, NoAnswer, NotNow, Refused
from services.mailer.channels.chat_talk import Asked, Said
from services.mailer.channels.consignment import Consignment
from services.mailer.channels.parcel import Parcel
from services.mailer.channels.spool import spooled
from services.mailer.channels.words import text_of
from services.mailer.headers import one_line
from services.mailer.outgoing import Outgoing
from services.mailer.senders import BeforeFinal, Receipt

_ROOT = Path(__file__).parents[3]
MOST_CHARACTERS = 1_800
"""Discord takes 2,000 characters, others more."""
MOST_ATTACHED_BYTES = 8_000_000
"""Files that are larger together are not attached: most chats refuse them."""


async def send_chat(consignment: Consignment, outgoing: Outgoing, before_final: BeforeFinal) -> Receipt:
    """Make one attempt, under the rules of `outgoing`."""
    parcel = consignment.parcel
    async with _attached(consignment) as paths:
        asked = Asked(
            url=consignment.place.url,
            title=one_line(parcel.title),
            body=text_of(parcel, MOST_CHARACTERS),
            files=tuple(str(path) for path in paths),
            networks=outgoing.networks.allowed,
        )
        await before_final()
        said = await _ask(consignment, asked, outgoing.timeout_seconds)
    return _receipt(consignment, said, parcel)


@asynccontextmanager
async def _attached(consignment: Consignment) -> AsyncIterator[list[Path]]:
    parcel = consignment.parcel
    if not consignment.destination.attach or parcel.size_bytes > MOST_ATTACHED_BYTES:
        yield []
        return
    async with spooled(parcel) as paths:
        yield paths


async def _ask(consignment: Consignment, asked: Asked, timeout_seconds: float) -> Said:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.mailer.channels.chat_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={"LANG": "C.UTF-8", "PYTHONPATH": str(_ROOT), "PYTHONSAFEPATH": "1"},
    )
    try:
        async with asyncio.timeout(timeout_seconds):
            out, _ = await child.communicate(msgspec.json.encode(asked))
    except TimeoutError as error:
        raise NoAnswer(
            f"{consignment} was not done within {timeout_seconds:g} seconds; it may have arrived."
        ) from error
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    try:
        return msgspec.json.decode(out, type=Said)
    except msgspec.DecodeError as error:
        raise NoAnswer(f"What speaks to {consignment} ended without a word; it may have arrived.") from error


def _receipt(consignment: Consignment, said: Said, parcel: Parcel) -> Receipt:
    words = consignment.clean(said.words)
    match said.outcome:
        case "sent":
            return Receipt(
                answer=Answer(said.code, words), form="files" if said.attached else "link", bytes=parcel.size_bytes
            )
        case "unfit":
            raise Refused(f"The URL of {consignment} is not one that Apprise can use: {words}")
        case "forbidden":
            raise Refused(refusal(f"The server of {consignment}"))
        case "refused":
            raise Refused(f"{consignment} refused it: {words}", Answer(said.code, words))
        case "failed":
            raise NotNow(
                f"{consignment} does not take it now: {words}", Answer(said.code, words) if said.code else None
            )
        case "unknown":
            raise NoAnswer(f"{consignment} broke off: {words}; it may have arrived.")
