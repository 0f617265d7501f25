"""The channel `email`: a letter, made as large as its server takes it, and handed over by SMTP."""

from __future__ import annotations

import asyncio
from email.headerregistry import Address

import msgspec

from libs.common.addresses import EVERYWHERE, AllowedDomains
from libs.common.errors import PermanentFailure
from services.mailer.answers import Answer, Refused, TooLarge
from services.mailer.bounces import ReturnPaths
from services.mailer.desk import Desk
from services.mailer.letter import Letter, compose, compose_notice
from services.mailer.profiles import Outlet, Profiles
from services.mailer.queue_ids import queue_id
from services.mailer.senders import BeforeFinal, Errand, Receipt


class Post:
    """Sends letters through the servers of their profiles."""

    def __init__(
        self,
        profiles: Profiles,
        desk: Desk,
        *,
        paths: ReturnPaths | None = None,
        allowed: AllowedDomains = EVERYWHERE,
    ) -> None:
        self._profiles = profiles
        self._desk = desk
        self._paths = paths
        self._allowed = allowed

    async def send(self, errand: Errand, before_final: BeforeFinal) -> Receipt:
        """Make one attempt; raises NotNow, Refused and NoAnswer, and a PermanentFailure for a domain that is none of
        those to which letters may go."""
        address = errand.command.recipient.address
        if not self._allowed.allows(address):
            raise PermanentFailure(self._allowed.sentence(address))
        outlet = await self._profiles.find(errand.command.manner.profile)
        letter = await self._letter(errand, outlet, outlet.limit)
        while True:
            try:
                answer = await outlet.connections.hand_over(letter, before_final)
                return _receipt(answer, letter)
            except TooLarge as refused:
                letter = await self._smaller(errand, outlet, letter, refused)

    async def _smaller(self, errand: Errand, outlet: Outlet, letter: Letter, refused: TooLarge) -> Letter:
        """The letter one rung further down. A server says only when we meet it how much it takes, or not even then."""
        if letter.form == "link":
            raise refused
        most = len(letter.content) - 1
        try:
            return await self._letter(errand, outlet, min(most, outlet.limit or most))
        except PermanentFailure as failure:
            raise Refused(f"{refused} {failure}", refused.answer) from refused

    async def _letter(self, errand: Errand, outlet: Outlet, limit: int | None) -> Letter:
        letter = await asyncio.to_thread(self._composed, errand, outlet.sender, limit)
        # A server that gives up writes to the envelope's sender, which tells us the delivery.
        path = self._paths.of(errand.command.delivery_id) if self._paths is not None else ""
        return msgspec.structs.replace(letter, sender=path) if path else letter

    def _composed(self, errand: Errand, sender: Address, limit: int | None) -> Letter:
        message_id, written_at = errand.message_id, errand.written_at
        if errand.notice is not None:
            return compose_notice(errand.notice, sender=sender, message_id=message_id, written_at=written_at)
        return compose(
            errand.command, self._desk, sender=sender, message_id=message_id, written_at=written_at, limit=limit
        )


def _receipt(answer: Answer, letter: Letter) -> Receipt:
    return Receipt(answer=answer, form=letter.form, bytes=len(letter.content), queue_id=queue_id(answer.text))
