"""What is said on an open connection to a mail server: lines go out, answers come in, several of them if it must be.

aiosmtplib, which opens the connection, waits for the answer to each command before it says the next one. A server that
offers PIPELINING (RFC 2920) lets us say who writes to whom and DATA in one breath, which spares two journeys of four
per letter; so an open connection is handed over to this protocol.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import aiosmtplib
import msgspec

MAX_ANSWER_BYTES = 32 * 1024
"""All lines of one answer; a server that says more is none."""


class Said(msgspec.Struct, frozen=True):
    """One answer: its code, and its lines."""

    code: int
    text: str


class Dialogue(asyncio.Protocol):
    """Takes over `transport`, on which nobody is waiting for an answer. Everything runs in one event loop."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._answers: deque[Said] = deque()
        self._lines: list[bytes] = []
        self._rest = b""
        self._failure: Exception | None = None
        self._news: asyncio.Future[None] | None = None
        self._paused = False
        transport.set_protocol(self)
        # With next to no room in its buffer we are paused until everything has left this process. (Not 0: asyncio's
        # TLS transport would count an empty buffer as full, and never go on.)
        transport.set_write_buffer_limits(high=1, low=0)

    @property
    def is_open(self) -> bool:
        """Whether the other side has neither closed it nor said anything that nobody asked for."""
        return self._failure is None and not self._answers and not self._rest and not self._transport.is_closing()

    @property
    def has_heard(self) -> bool:
        """Whether there is an answer, or there will be none."""
        return bool(self._answers) or self._failure is not None

    def say(self, line: bytes) -> None:
        """Send; SMTPServerDisconnected if nobody listens any more."""
        if self._transport.is_closing():
            raise self._failure or aiosmtplib.SMTPServerDisconnected("Connection lost")
        self._transport.write(line)

    async def answer(self, timeout_seconds: float) -> Said:
        """The next answer; SMTPServerDisconnected, SMTPResponseException if it is none, TimeoutError."""
        if not self.has_heard:
            await self._wait(timeout_seconds, lambda: self.has_heard)
        if self._answers:
            return self._answers.popleft()
        assert self._failure is not None
        raise self._failure

    async def sent(self, timeout_seconds: float) -> bool:
        """Wait until everything has left this process; False if an answer, or the end, comes before that."""
        await asyncio.sleep(0)  # lets the loop tell us what it has heard
        if self._paused and not self.has_heard:
            await self._wait(timeout_seconds, lambda: self.has_heard or not self._paused)
        return not self.has_heard

    def cut(self) -> None:
        """Close without a word."""
        self._transport.abort()

    def close(self) -> None:
        """Close when everything was sent."""
        self._transport.close()

    async def _wait(self, timeout_seconds: float, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(timeout_seconds):
            while not enough():
                self._news = asyncio.get_running_loop().create_future()
                await self._news

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # What asyncio calls -------------------------------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Take what came; it may be a part of a line, or several answers."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._take(line)
        if len(self._rest) + sum(map(len, self._lines)) > MAX_ANSWER_BYTES:
            self._fail(aiosmtplib.SMTPResponseException(-1, "The answer is too long."))
        self._tell()

    def _take(self, line: bytes) -> None:
        self._lines.append(line[4:].strip())
        if line[3:4] == b"-":
            return
        text = b"\n".join(self._lines).decode("utf-8", "surrogateescape")
        self._lines.clear()
        if line[:3].isdigit() and len(line[:3]) == 3:
            self._answers.append(Said(int(line[:3]), text))
        else:
            words = line.decode("utf-8", "replace").strip()
            self._fail(aiosmtplib.SMTPResponseException(-1, f"This is no answer: {words}"))

    def eof_received(self) -> bool:
        """The other side says nothing more."""
        self._fail(aiosmtplib.SMTPServerDisconnected("Connection lost"))
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        failure = aiosmtplib.SMTPServerDisconnected("Connection lost")
        failure.__cause__ = exc
        self._fail(failure)

    def pause_writing(self) -> None:
        """The buffer holds something."""
        self._paused = True

    def resume_writing(self) -> None:
        """The buffer is empty."""
        self._paused = False
        self._tell()

    def _fail(self, failure: Exception) -> None:
        self._failure = self._failure or failure
        self._tell()
