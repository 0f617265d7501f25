"""Connections to the mail server that stay open between letters: greeting, encrypting and logging in cost more than
the letter itself.

A connection that was idle may have been closed by the server without our knowing. What fails on it before the server
has asked for the content is therefore no failure of the letter: a fresh connection decides.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from services.mailer.answers import Answer, NotNow
from services.mailer.letter import Letter
from services.mailer.server import MailServer
from services.mailer.smtp import SmtpConnection, Timeouts

IDLE_SECONDS = 10.0
"""An idle connection is closed after this time: some servers under load close theirs a little later."""

MAX_LETTERS = 100
"""A connection is replaced after so many letters; many servers refuse more at a time."""

_CLOSING = 421


@dataclass
class _Idle:
    """A connection that waits for the next letter, in the loop that it belongs to."""

    connection: SmtpConnection
    loop: asyncio.AbstractEventLoop
    timer: asyncio.TimerHandle


class Connections:
    """Those to one server. Letters that are handed over at the same time have a connection each."""

    def __init__(self, server: MailServer, tls: ssl.SSLContext, timeouts: Timeouts, client_name: str = "") -> None:
        self.server = server
        self._tls = tls
        self._timeouts = timeouts
        self._client_name = client_name
        self._idle: list[_Idle] = []
        self._stopping = False
        self._goodbyes: set[asyncio.Task[None]] = set()
        self.size_limit: int | None = None
        """The largest letter that the server takes, as it said last; None if it has said nothing."""

    async def hand_over(self, letter: Letter, before_final_dot: Callable[[], Awaitable[None]]) -> Answer:
        """Give the server the letter and return its answer; raises what SmtpConnection.hand_over does."""
        connection = await self._begun(letter)
        try:
            answer = await connection.finish(letter, before_final_dot)
        except BaseException:
            self._say_goodbye(connection)
            raise
        self._keep(connection)
        return answer

    def new(self) -> SmtpConnection:
        """A connection that is still to be opened, and belongs to whoever asks for it."""
        return SmtpConnection(self.server, self._tls, self._timeouts, self._client_name)

    def stop(self, timeout_seconds: float) -> None:  # noqa: ARG002 - nobody waits for goodbyes
        """Keep no connection any more, and close those that are idle."""
        self._stopping = True
        for loop in {idle.loop for idle in self._idle}:
            with suppress(RuntimeError):  # the loop has ended before us
                loop.call_soon_threadsafe(self._close_idle)

    async def _begun(self, letter: Letter) -> SmtpConnection:
        """A connection on which the server waits for the content of the letter."""
        connection = self._take()
        if connection is not None:
            try:
                await self._begin(connection, letter)
            except NotNow as failure:
                if failure.answer is not None and failure.answer.code != _CLOSING:
                    raise
            else:
                return connection
        connection = self.new()
        try:
            await connection.open()
        except BaseException:
            self._say_goodbye(connection)
            raise
        self.size_limit = connection.size_limit
        await self._begin(connection, letter)
        return connection

    async def _begin(self, connection: SmtpConnection, letter: Letter) -> None:
        try:
            await connection.begin(letter)
        except BaseException:
            self._say_goodbye(connection)
            raise

    def _take(self) -> SmtpConnection | None:
        """The connection that was used last, if it still seems to be open."""
        loop = asyncio.get_running_loop()
        while self._idle:
            idle = self._idle.pop()
            idle.timer.cancel()
            if idle.loop is loop and idle.connection.is_open:
                return idle.connection
        return None

    def _keep(self, connection: SmtpConnection) -> None:
        if self._stopping or connection.letters >= MAX_LETTERS:
            self._say_goodbye(connection)
            return
        loop = asyncio.get_running_loop()
        self._idle.append(_Idle(connection, loop, loop.call_later(IDLE_SECONDS, self._drop, connection)))

    def _drop(self, connection: SmtpConnection) -> None:
        self._idle = [idle for idle in self._idle if idle.connection is not connection]
        self._say_goodbye(connection)

    def _close_idle(self) -> None:
        loop = asyncio.get_running_loop()
        for idle in [idle for idle in self._idle if idle.loop is loop]:
            idle.timer.cancel()
            self._drop(idle.connection)

    def _say_goodbye(self, connection: SmtpConnection) -> None:
        """Close it without making anybody wait."""
        task = asyncio.get_running_loop().create_task(connection.close())
        self._goodbyes.add(task)
        task.add_done_callback(self._goodbyes.discard)
