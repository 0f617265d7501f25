"""One SMTP conversation: aiosmtpd does the talking, the faults may interrupt it, the folder keeps what was said."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, AnyStr, NoReturn
from uuid import UUID

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword, Session
from aiosmtpd.smtp import Envelope as Conversed

from libs.mailsink.faults import Faults, Step
from libs.mailsink.folder import Envelope, LetterFolder

log = logging.getLogger(__name__)

AUTHENTICATION_REQUIRED = "530 5.7.0 Authentication required"


class Conversation(SMTP):
    """aiosmtpd's protocol with the three steps for which it has no hook: the greeting, DATA and the content."""

    event_handler: Handler
    greeted = False

    async def push(self, status: AnyStr) -> None:
        """Send one answer; the first of a connection is its greeting."""
        reply = None if self.greeted else await self.event_handler.step(self, "connect")
        self.greeted = True
        if reply is None:
            await super().push(status)
        else:
            await super().push(reply)

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802
        """Take the letter in, unless a fault strikes before or while it comes."""
        reply = await self.event_handler.step(self, "data")
        if reply is not None:
            await self.push(reply)
        elif (fault := self.event_handler.faults.take("body", self.recipients)) is None:
            await super().smtp_DATA(arg)
        elif fault.drop:
            await self._read_one_line_and_hang_up()
        else:
            await asyncio.sleep(fault.wait_seconds)
            await super().smtp_DATA(arg)

    @property
    def recipients(self) -> list[str]:
        """Those named so far for the letter at hand."""
        return self.envelope.rcpt_tos if self.envelope else []

    async def hang_up(self) -> NoReturn:
        """Cut the connection without a word; this conversation is cancelled by it and never continues."""
        transport = self.transport
        if isinstance(transport, asyncio.WriteTransport):
            transport.abort()
        await asyncio.Event().wait()
        raise AssertionError("a conversation went on without a connection")

    async def _read_one_line_and_hang_up(self) -> NoReturn:
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        await self._reader.readline()
        await self.hang_up()


class Handler:
    """Decides each step of the conversations: the faults first, then the folder."""

    def __init__(
        self,
        folder: LetterFolder,
        faults: Faults,
        credentials: Mapping[str, str] | None,
        clock: Callable[[], datetime],
        new_id: Callable[[], UUID],
    ) -> None:
        self.faults = faults
        self._folder = folder
        self._credentials = credentials
        self._clock = clock
        self._new_id = new_id

    async def step(self, server: Conversation, step: Step, recipients: list[str] | None = None) -> str | None:
        """Let a fault strike: the reply to give instead of going on, or None to go on."""
        fault = self.faults.take(step, server.recipients if recipients is None else recipients)
        if fault is None:
            return None
        log.info("fault struck", extra={"step": step, "drop": fault.drop, "reply": fault.reply})
        await asyncio.sleep(fault.wait_seconds)
        if fault.drop:
            await server.hang_up()
        return fault.reply or None

    def authenticate(
        self, _server: SMTP, _session: Session, _envelope: Conversed, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        """Whether the user is known and the password right."""
        known = (self._credentials or {}).get(login.login.decode("utf-8", "replace"))
        right = known is not None and hmac.compare_digest(known.encode(), login.password)
        return AuthResult(success=right, handled=False, auth_data=login if right else None)

    # aiosmtpd finds what follows by its name.

    async def handle_EHLO(  # noqa: N802
        self, server: Conversation, session: Session, _envelope: Conversed, hostname: str, answers: list[str]
    ) -> list[str]:
        if reply := await self.step(server, "ehlo"):
            return [reply]
        session.host_name = hostname
        return [answer for answer in answers if self._credentials or not answer.startswith("250-AUTH")]

    async def handle_MAIL(  # noqa: N802
        self, server: Conversation, session: Session, envelope: Conversed, address: str, options: list[str]
    ) -> str:
        if reply := await self.step(server, "mail"):
            return reply
        if self._credentials and not session.authenticated:
            return AUTHENTICATION_REQUIRED
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Sender ok"

    async def handle_RCPT(  # noqa: N802
        self, server: Conversation, _session: Session, envelope: Conversed, address: str, _options: list[str]
    ) -> str:
        if reply := await self.step(server, "rcpt", [address]):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Recipient ok"

    async def handle_DATA(self, server: Conversation, session: Session, envelope: Conversed) -> str:  # noqa: N802
        if reply := await self.step(server, "dot"):
            return reply
        letter_id = self._keep(server, session, envelope)
        return await self.step(server, "kept") or f"250 2.0.0 Kept as {letter_id.hex[:8]}"

    async def handle_exception(self, error: Exception) -> str:
        """What went wrong here is our fault and not the letter's: the sender may try again."""
        log.error("the sink failed", exc_info=error)
        return f"451 4.3.0 The sink failed: {type(error).__name__}"

    def _keep(self, server: Conversation, session: Session, envelope: Conversed) -> UUID:
        letter_id = self._new_id()
        content = envelope.original_content or b""
        path = self._folder.keep(content, self._envelope(server, session, envelope), letter_id)
        facts = {"recipient": envelope.rcpt_tos[0], "size_bytes": len(content), "file": path.name}
        log.info("letter kept", extra=facts)
        return letter_id

    def _envelope(self, server: Conversation, session: Session, envelope: Conversed) -> Envelope:
        login: Any = session.auth_data
        transport = server.transport
        return Envelope(
            sender=envelope.mail_from or "",
            recipients=tuple(envelope.rcpt_tos),
            received_at=self._clock(),
            peer=str(session.peer[0]) if session.peer else "",
            encrypted=transport is not None and transport.get_extra_info("cipher") is not None,
            user=login.login.decode("utf-8", "replace") if login else "",
            smtputf8=envelope.smtp_utf8,
        )
