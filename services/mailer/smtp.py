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
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import aiosmtplib
import msgspec

from libs.common.errors import PermanentFailure, TransientFailure
from services.mailer.answers import Answer, NoAnswer, NotNow, Refused, TooLarge, answer_of, failure, refusal
from services.mailer.dialogue import Dialogue, Said
from services.mailer.letter import Letter
from services.mailer.server import MailServer

CHUNK_BYTES = 64 * 1024
QUIT_SECONDS = 5.0
_START_INPUT = 354
_DATA = b"DATA"
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")
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
        self._dialogue: Dialogue | None = None
        self._pipelining = False
        self.letters = 0
        """How many it has handed over."""
        self._client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.implicit_tls,
            start_tls=False,  # done in `encrypt`, where a missing offer gets a sentence of its own
            tls_context=tls,
            timeout=timeouts.command,
            local_hostname=client_name or None,
        )

    async def open(self) -> None:
        """Connect, greet, encrypt and authenticate; raises NotNow."""
        await self.connect()
        await self.encrypt()
        await self.authenticate()
        self.be_ready()

    @property
    def is_open(self) -> bool:
        """Whether the server has not closed it yet, as far as we have heard."""
        return self._dialogue is not None and self._dialogue.is_open

    @property
    def size_limit(self) -> int | None:
        """The largest letter that the server takes, as it said after EHLO; None if it said nothing (RFC 1870)."""
        said = self._client.esmtp_extensions.get("size", "").strip()
        return (int(said) or None) if said.isdigit() else None

    @property
    def certificate(self) -> Mapping[str, Any] | None:
        """Of the server, as SSLSocket.getpeercert has it; None if nothing is encrypted."""
        found: Mapping[str, Any] | None = self._client.get_transport_info("peercert")
        return found

    async def close(self) -> None:
        """Say goodbye if the server still listens; never raises."""
        with suppress(Exception):
            if self._dialogue is None:
                await self._client.quit(timeout=QUIT_SECONDS)
            elif self._dialogue.is_open:
                self._dialogue.say(b"QUIT\r\n")
                await self._dialogue.answer(QUIT_SECONDS)
        if self._dialogue is not None:
            self._dialogue.close()
        self._client.close()

    async def reset(self) -> None:
        """Make ready for another letter after a refused one; raises NotNow."""
        with self._failing(about_the_letter=False):
            await self._ask(b"RSET")

    def abort(self) -> None:
        """Cut the connection without a word, so that the server forgets what it has not accepted."""
        if self._dialogue is not None:
            self._dialogue.cut()
        self._client.close()

    # Opening -----------------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Connect, with TLS if that is how the server speaks, and greet; raises NotNow."""
        with self._failing(about_the_letter=False):
            await self._client.connect()
            await self._client.ehlo()

    async def encrypt(self) -> None:
        """Encrypt the connection as far as that is wanted; raises NotNow if it must be and cannot."""
        if self._server.implicit_tls or self._server.starttls == "never":
            return
        if self._client.supports_extension("starttls"):
            with self._failing(about_the_letter=False):
                await self._client.starttls()
                await self._client.ehlo()
        elif self._server.starttls == "required":
            raise NotNow(
                f"The mail server {self._server} does not offer STARTTLS, and letters must not travel in the clear; "
                f"add ?starttls=when-offered to the URL in {self._server.url_is_in} if you want them to."
            )

    async def authenticate(self) -> None:
        """Sign in if there is a user; raises NotNow."""
        if not self._server.user:
            return
        encrypted = self._client.get_transport_info("sslcontext") is not None
        if not encrypted and not self._server.may_send_password_in_clear:
            raise NotNow(f"The mail server {self._server} does not offer STARTTLS, and a password needs it.")
        with self._failing(about_the_letter=False):
            await self._client.login(self._server.user, self._server.password)

    def be_ready(self) -> None:
        """Make ready for letters, once everything that comes before them is done; raises NotNow."""
        transport = self._client.transport
        if not self._client.is_connected or not isinstance(transport, asyncio.Transport):
            raise NotNow(f"The mail server {self._server} closed the connection before the letter was handed over.")
        self._dialogue = Dialogue(transport)
        self._pipelining = self._client.supports_extension("pipelining")

    # Letters -----------------------------------------------------------------------------------------------

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

    async def begin(self, letter: Letter) -> None:
        """The first half of `hand_over`: say from whom and to whom, until the server waits for the content.

        Where the server lets us, all of it in one breath. Who is refused may then have been asked for the content all
        the same, and the connection is cut: nothing but the letter may follow.
        """
        with self._failing(about_the_letter=True):
            commands = self._commands(letter)
            if self._pipelining:
                await self._say_together(commands)
            else:
                for command in commands:
                    self._check(await self._ask(command), command)

    async def _say_together(self, commands: Sequence[bytes]) -> None:
        dialogue = self._open_dialogue()
        dialogue.say(b"".join(command + b"\r\n" for command in commands))
        answers: list[Said] = []
        try:
            while len(answers) < len(commands):
                answers.append(await dialogue.answer(self._timeouts.command))
            for answer, command in zip(answers, commands, strict=True):
                self._check(answer, command)
        except BaseException:
            if len(answers) < len(commands) or answers[-1].code == _START_INPUT:
                self.abort()
            # The first refusal says more than the connection that the server then closes.
            for answer, command in zip(answers, commands, strict=False):
                self._check(answer, command)
            raise

    def _check(self, answer: Said, command: bytes) -> None:
        """Raise unless the command may be followed by the next one."""
        good = answer.code == _START_INPUT if command == _DATA else 200 <= answer.code < 300
        if not good:
            raise refusal(self._server, answer_of(answer.code, answer.text))

    async def _ask(self, command: bytes) -> Said:
        dialogue = self._open_dialogue()
        dialogue.say(command + b"\r\n")
        return await dialogue.answer(self._timeouts.command)

    def _open_dialogue(self) -> Dialogue:
        if self._dialogue is None:
            raise aiosmtplib.SMTPServerDisconnected("Connection lost")
        return self._dialogue

    def _commands(self, letter: Letter) -> list[bytes]:
        encoding = "utf-8" if letter.needs_smtputf8 else "ascii"
        options = self._mail_options(letter)
        mail = " ".join([f"MAIL FROM:<{letter.sender}>", *options])
        commands = [mail.encode(encoding), f"RCPT TO:<{letter.recipient}>".encode(encoding), _DATA]
        for command in commands:
            if _CONTROL.search(command):
                raise ValueError("it holds a control character")
        return commands

    @contextmanager
    def _failing(self, *, about_the_letter: bool) -> Iterator[None]:
        try:
            yield
        except (PermanentFailure, TransientFailure):
            raise
        except Exception as error:
            raise failure(self._server, error, about_the_letter=about_the_letter) from error

    def _content(self) -> _Content:
        if self._dialogue is None:
            raise NotNow(f"The mail server {self._server} closed the connection before the letter was handed over.")
        return _Content(self._dialogue, self._server, self._timeouts)

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
        limit = self.size_limit
        if limit and limit < size_bytes:
            raise TooLarge(
                f"The letter has {size_bytes:,} bytes, and the mail server {self._server} takes at most {limit:,}."
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

    def __init__(self, dialogue: Dialogue, server: MailServer, timeouts: Timeouts) -> None:
        self.answered = False
        self._dialogue = dialogue
        self._server = server
        self._timeouts = timeouts

    async def write(self, content: bytes) -> None:
        """Send everything but the final dot; raises NotNow or Refused.

        A server may answer before the end (too large, going down), so we listen all the time.
        """
        wired = _on_the_wire(content)
        for start in range(0, len(wired), CHUNK_BYTES):
            try:
                self._dialogue.say(wired[start : start + CHUNK_BYTES])
                all_is_sent = await self._dialogue.sent(self._timeouts.command)
            except TimeoutError as error:
                raise NotNow(f"The mail server {self._server} stopped reading the letter.") from error
            except Exception as error:
                raise await self._ended_early() from error
            if not all_is_sent:
                raise await self._ended_early()

    async def end(self) -> Answer:
        """Send the final dot and return the answer to it; raises NotNow, Refused and NoAnswer."""
        if not self._dialogue.is_open:
            raise await self._ended_early()
        self._dialogue.say(b".\r\n")
        try:
            response = await self._dialogue.answer(self._timeouts.data)
        except Exception as error:
            raise NoAnswer(
                f"The connection to the mail server {self._server} broke after the letter was handed over "
                f"({type(error).__name__}); it may have arrived."
            ) from error
        self.answered = True
        answer = answer_of(response.code, response.text)
        if 200 <= answer.code < 300:
            return answer
        if 400 <= answer.code < 600:
            raise refusal(self._server, answer)
        raise NoAnswer(
            f"The mail server {self._server} answered the letter with {answer}, which says neither yes nor no."
        )

    async def _ended_early(self) -> Exception:
        """The failure of a letter whose final dot was not sent."""
        try:
            response = await self._dialogue.answer(0.0)
        except Exception:
            return NotNow(f"The mail server {self._server} closed the connection in the middle of the letter.")
        answer = answer_of(response.code, response.text)
        if 400 <= answer.code < 600:
            return refusal(self._server, answer)
        return NotNow(f"The mail server {self._server} answered before the end of the letter: {answer}", answer)


def _on_the_wire(content: bytes) -> bytes:
    """`content` with CRLF line ends only (RFC 5321 4.1.1.4) and its leading dots doubled, ready for the final dot."""
    if not content.count(b"\r\n") == content.count(b"\r") == content.count(b"\n"):
        content = _LONE_LINE_END.sub(b"\r\n", content)
    if not content.endswith(b"\r\n"):
        content += b"\r\n"
    content = content.replace(b"\r\n.", b"\r\n..")
    return b"." + content if content.startswith(b".") else content
