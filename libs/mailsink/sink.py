"""The server itself, in a thread of its own, so that a test can talk to it like to any mail server."""

from __future__ import annotations

import asyncio
import logging
import ssl
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self
from uuid import UUID

from libs.common.clock import Clock, utc_now
from libs.mailsink.conversation import Conversation, Handler
from libs.mailsink.faults import Faults
from libs.mailsink.folder import KeptLetter, LetterFolder

log = logging.getLogger(__name__)

DEFAULT_SIZE_LIMIT_BYTES = 64 * 1024 * 1024


class MailSink:
    """An SMTP server on `host:port` (0: any free port, the same one again after a stop) that keeps what it is given.

    `tls` makes it offer STARTTLS, or speak TLS from the first byte if `implicit_tls`; `requires_tls` refuses letters
    before STARTTLS; `credentials` (user: password) makes it insist on AUTH. `faults` can be switched while it runs.
    """

    def __init__(
        self,
        folder: Path,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: ssl.SSLContext | None = None,
        implicit_tls: bool = False,
        requires_tls: bool = False,
        credentials: Mapping[str, str] | None = None,
        size_limit_bytes: int = DEFAULT_SIZE_LIMIT_BYTES,
        clock: Clock = utc_now,
        new_id: Callable[[], UUID] = uuid.uuid4,
    ) -> None:
        self.host = host
        self.port = port
        self.faults = Faults()
        self.folder = LetterFolder(folder)
        self._handler = Handler(self.folder, self.faults, credentials, clock, new_id)
        self._tls = tls
        self._implicit_tls = implicit_tls
        self._requires_tls = requires_tls
        self._size_limit_bytes = size_limit_bytes
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop_asked: asyncio.Event | None = None
        self._conversations: set[Conversation] = set()

    @property
    def url(self) -> str:
        """Where the mailer finds it, without credentials."""
        return f"{'smtps' if self._implicit_tls else 'smtp'}://{self.host}:{self.port}"

    def letters(self) -> list[KeptLetter]:
        """All letters kept so far, the oldest first."""
        return self.folder.letters()

    def wait_for_letters(self, count: int, timeout_seconds: float = 30.0) -> list[KeptLetter]:
        """The letters, as soon as there are at least `count`; TimeoutError if they do not come."""
        deadline = time.monotonic() + timeout_seconds
        while len(letters := self.letters()) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(letters)} of {count} letters came within {timeout_seconds:g} seconds.")
            time.sleep(0.05)
        return letters

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, and return when a client can connect; raises OSError if the port is taken."""
        if self._thread is not None:
            raise RuntimeError("The sink runs already.")
        started = threading.Event()
        failures: list[Exception] = []

        def run() -> None:
            try:
                asyncio.run(self.serve(started.set))
            except Exception as error:
                if started.is_set():
                    raise
                failures.append(error)
                started.set()

        self._thread = threading.Thread(target=run, name="mailsink", daemon=True)
        self._thread.start()
        started.wait()
        if failures:
            self._thread = None
            raise failures[0]

    def stop(self) -> None:
        """Stop listening and cut the open connections, as a mail server does that goes away."""
        if self._thread is None:
            return
        self.ask_to_stop()
        self._thread.join()
        self._thread = None

    def ask_to_stop(self) -> None:
        """Make `serve` end soon; callable from any thread."""
        if self._loop is not None and self._stop_asked is not None:
            self._loop.call_soon_threadsafe(self._stop_asked.set)

    async def serve(self, on_listening: Callable[[], None]) -> None:
        """Serve in this event loop until asked to stop."""
        self._loop, self._stop_asked = asyncio.get_running_loop(), asyncio.Event()
        tls = self._tls if self._implicit_tls else None
        server = await self._loop.create_server(self._converse, self.host, self.port, ssl=tls)
        self.port = server.sockets[0].getsockname()[1]
        log.info("mail sink listening", extra={"host": self.host, "port": self.port, "folder": str(self.folder.folder)})
        on_listening()
        try:
            await self._stop_asked.wait()
        finally:
            server.close()
            await self._hang_up()
            log.info("mail sink stopped", extra={"letters": len(list(self.folder.folder.glob("*.eml")))})

    def _converse(self) -> Conversation:
        starttls = None if self._implicit_tls else self._tls
        conversation = Conversation(
            self._handler,
            data_size_limit=self._size_limit_bytes,
            enable_SMTPUTF8=True,
            hostname="mailsink.localhost",
            ident="Pressroom mail sink",
            tls_context=starttls,
            require_starttls=self._requires_tls,
            authenticator=self._handler.authenticate,
            auth_require_tls=starttls is not None,
            loop=self._loop,
        )
        self._conversations = {old for old in self._conversations if old.transport is not None} | {conversation}
        return conversation

    async def _hang_up(self) -> None:
        # close() still sends what was answered: a letter that was kept and confirmed stays confirmed.
        for conversation in self._conversations:
            if conversation.transport is not None:
                conversation.transport.close()
        self._conversations.clear()
        await asyncio.sleep(0)
