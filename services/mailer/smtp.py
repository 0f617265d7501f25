"""A connection to the mail server, on which letters are handed over one after the other.

aiosmtplib writes a whole letter and its final dot in one go. Here they are apart, because the final dot is the moment
that decides: before it the server has accepted nothing, whatever happens; after it, only the server knows. So a lost
connection is `NotNow` before the dot and `NoAnswer` after it, and the caller gets a word in between: right before the
dot it records that the letter is being handed over.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import aiosmtplib
import msgspec

from services.mailer.answers import Answer, NoAnswer, NotNow, Refused, answer_of, failure, refusal
from services.mailer.letter import Letter
from services.mailer.server import MailServer

CHUNK_BYTES = 64 * 1024
QUIT_SECONDS = 5.0
_START_INPUT = 354
_LONE_LINE_END = re.compile(rb"\r(?!\n)|(?<!\r)\n")


class Timeouts(msgspec.Struct, frozen=True, kw_only=True):
    """How long to wait, in seconds: for a connection or the answer to one command, and for the answer to a letter."""

    command: float
    data: float


class SmtpConnection:
    """One conversation with `server`; use `connected`."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext, timeouts: Timeouts, client_name: str = "") -> None:
        self._server = server
        self._timeouts = timeouts
        self._writer: asyncio.StreamWriter | None = None
        self.letters = 0
        """How many it has handed over."""
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.implicit_tls,
            start_tls=False,  # done in `open`, where a missing offer gets a sentence of its own
            tls_context=tls,
            timeout=timeouts.command,
            local_hostname=client_name or None,
        )

    async def open(self) -> None:
        """Connect, greet, encrypt and authenticate; raises NotNow."""
        try:
            await self._client.connect()
            await self._client.ehlo()
            await self._encrypt()
            await self._authenticate()
            self._writer = _writer_of(self._client)
        except NotNow:
            raise
        except Exception as error:
            raise failure(self._server, error, about_the_letter=False) from error

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it yet, as far as we have heard."""
        return self._client.is_connected and self._writer is not None and not self._writer.is_closing()

    async def close(self) -> None:
        """Say goodbye if the server still listens; never raises."""
        with suppress(Exception):
            await self._client.quit(timeout=QUIT_SECONDS)
        self._client.close()

    async def reset(self) -> None:
        """Make ready for another letter after a refused one; raises NotNow."""
        try:
            await self._client.rset()
        except Exception as error:
            raise failure(self._server, error, about_the_letter=False) from error

    def abort(self) -> None:
        """Cut the connection without a word, so that the server forgets what it has not accepted."""
        if isinstance(self._client.transport, asyncio.WriteTransport):
            self._client.transport.abort()
        self._client.close()

    async def hand_over(self, letter: Letter, before_final_dot: Callable[[], Awaitable[None]]) -> Answer:
        """Give the server the letter and return its answer.

        `before_final_dot` is awaited when everything but the final dot was sent; what it raises ends the
        conversation without the dot. Raises NotNow and Refused if the server certainly has not accepted the letter,
        and NoAnswer if that is unknown.
        """
        await self.begin(letter)
        return await self.finish(letter, before_final_dot)

    async def finish(self, letter: Letter, before_final_dot: Callable[[], Awaitable[None]]) -> Answer:
        """The second half of `hand_over`: the content and the final dot."""
        content = self._content()
        try:
            await content.write(letter.content)
            await before_final_dot()
            answer = await content.end()
            self.letters += 1
            return answer
        finally:
            if not content.answered:
                # Even a QUIT would be taken for a line of the letter now.
                self.abort()

    async def _encrypt(self) -> None:
        if self._server.implicit_tls or self._server.starttls == "never":
            return
        if self._client.supports_extension("starttls"):
            await self._client.starttls()
            await self._client.ehlo()
        elif self._server.starttls == "required":
            raise NotNow(
                f"The mail server {self._server} does not offer STARTTLS, and letters must not travel in the clear; "
                "add ?starttls=when-offered to PRESSROOM_SMTP_URL if you want them to."
            )

    async def _authenticate(self) -> None:
        if not self._server.user:
            return
        encrypted = self._client.get_transport_info("sslcontext") is not None
        if not encrypted and not self._server.may_send_password_in_clear:
            raise NotNow(f"The mail server {self._server} does not offer STARTTLS, and a password needs it.")
        await self._client.login(self._server.user, self._server.password)

    async def begin(self, letter: Letter) -> None:
        """The first half of `hand_over`: say from whom and to whom, until the server waits for the content."""
        client, options = self._client, self._mail_options(letter)
        encoding = "utf-8" if letter.needs_smtputf8 else "ascii"
        try:
            await client.mail(letter.sender, options=options, encoding=encoding)
            await client.rcpt(letter.recipient, encoding=encoding)
            answer = await client.execute_command(b"DATA")
        except Exception as error:
            raise failure(self._server, error, about_the_letter=True) from error
        if answer.code != _START_INPUT:
            raise refusal(self._server, answer_of(answer.code, answer.message))

    def _content(self) -> _Content:
        protocol = self._client.protocol
        if protocol is None or self._writer is None:
            raise NotNow(f"The mail server {self._server} closed the connection before the letter was handed over.")
        answer = asyncio.ensure_future(protocol.read_response())
        return _Content(self._writer, answer, self._server, self._timeouts)

    def _mail_options(self, letter: Letter) -> list[str]:
        options = []
        if self._client.supports_extension("size"):
            self._check_size(len(letter.content))
            options.append(f"SIZE={len(letter.content)}")
        if letter.needs_smtputf8:
            if not self._client.supports_extension("smtputf8"):
                raise Refused(f"The mail server {self._server} cannot handle the address {letter.recipient}.")
            options.append("SMTPUTF8")
        return options

    def _check_size(self, size_bytes: int) -> None:
        limit = self._client.esmtp_extensions["size"].strip()
        if limit.isdigit() and 0 < int(limit) < size_bytes:
            raise Refused(
                f"The letter has {size_bytes:,} bytes, and the mail server {self._server} takes at most {int(limit):,}."
            )


@asynccontextmanager
async def connected(
    server: MailServer, tls: ssl.SSLContext, timeouts: Timeouts, client_name: str = ""
) -> AsyncIterator[SmtpConnection]:
    """An open connection, closed politely at the end."""
    connection = SmtpConnection(server, tls, timeouts, client_name)
    try:
        await connection.open()
        yield connection
    finally:
        await connection.close()


class _Content:
    """The content of one letter, under way between the 354 and the answer to the final dot."""

    def __init__(
        self,
        writer: asyncio.StreamWriter,
        answer: asyncio.Task[aiosmtplib.SMTPResponse],
        server: MailServer,
        timeouts: Timeouts,
    ) -> None:
        self.answered = False
        self._writer = writer
        # Listened to from the beginning: a server may answer before the end (too large, going down).
        self._answer = answer
        self._server = server
        self._timeouts = timeouts

    async def write(self, content: bytes) -> None:
        """Send everything but the final dot; raises NotNow or Refused."""
        wired = _on_the_wire(content)
        try:
            for start in range(0, len(wired), CHUNK_BYTES):
                self._writer.write(wired[start : start + CHUNK_BYTES])
                await self._drain()
        except BaseException:
            self._forget()
            raise

    async def end(self) -> Answer:
        """Send the final dot and return the answer to it; raises NotNow, Refused and NoAnswer."""
        try:
            if self._answer.done() or self._writer.is_closing():
                raise self._ended_early()
            self._writer.write(b".\r\n")
            try:
                response = await asyncio.wait_for(self._answer, self._timeouts.data)
            except Exception as error:
                raise NoAnswer(
                    f"The connection to the mail server {self._server} broke after the letter was handed over "
                    f"({type(error).__name__}); it may have arrived."
                ) from error
        finally:
            self._forget()
        self.answered = True
        answer = answer_of(response.code, response.message)
        if 200 <= answer.code < 300:
            return answer
        if 400 <= answer.code < 600:
            raise refusal(self._server, answer)
        raise NoAnswer(
            f"The mail server {self._server} answered the letter with {answer}, which says neither yes nor no."
        )

    async def _drain(self) -> None:
        draining = asyncio.ensure_future(self._writer.drain())
        try:
            await asyncio.wait(
                {draining, self._answer}, timeout=self._timeouts.command, return_when=asyncio.FIRST_COMPLETED
            )
            if self._answer.done():
                raise self._ended_early()
            if not draining.done():
                raise NotNow(f"The mail server {self._server} stopped reading the letter.")
            await draining
        except ConnectionError as error:
            raise failure(self._server, error, about_the_letter=True) from error
        finally:
            draining.cancel()

    def _ended_early(self) -> Exception:
        """The failure of a letter whose final dot was not sent."""
        if not self._answer.done() or self._answer.exception() is not None:
            return NotNow(f"The mail server {self._server} closed the connection in the middle of the letter.")
        response = self._answer.result()
        answer = answer_of(response.code, response.message)
        if 400 <= answer.code < 600:
            return refusal(self._server, answer)
        return NotNow(f"The mail server {self._server} answered before the end of the letter: {answer}", answer)

    def _forget(self) -> None:
        if not self._answer.done():
            self._answer.cancel()
        elif not self._answer.cancelled():
            self._answer.exception()


def _writer_of(client: aiosmtplib.SMTP) -> asyncio.StreamWriter:
    protocol, transport = client.protocol, client.transport
    if protocol is None or not isinstance(transport, asyncio.WriteTransport):
        raise aiosmtplib.SMTPServerDisconnected("Connection lost")
    # With next to no room in its buffer, drain() returns only when everything has left this process. (Not 0: asyncio's
    # TLS transport would count an empty buffer as full, and never go on.)
    transport.set_write_buffer_limits(high=1, low=0)
    return asyncio.StreamWriter(transport, protocol, None, asyncio.get_running_loop())


def _on_the_wire(content: bytes) -> bytes:
    """`content` with CRLF line ends only (RFC 5321 4.1.1.4) and its leading dots doubled, ready for the final dot."""
    if not content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n"):
        content = _LONE_LINE_END.sub(b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    content = content.replace(b"\r\n.", b"\r\n..")
    return b"." + content if content.startswith(b".") else content
