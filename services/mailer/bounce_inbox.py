"""The mailbox to which mail servers send what they cannot deliver: a small SMTP server that takes nothing else."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
from contextlib import suppress
from uuid import UUID

from aiosmtpd.smtp import SMTP, Envelope, Session

from libs.common.clock import Clock
from libs.common.dsn import MAX_BYTES, Mail, as_event, is_hard, read_mail
from libs.common.errors import SettingsError, TransientFailure
from libs.common.messages import RecipientBounced
from libs.common.store import Store
from services.mailer.bounces import ReturnPaths, is_under_way, take_bounce

log = logging.getLogger(__name__)

IDLE_SECONDS = 120.0
MAX_CONVERSATIONS = 50

_TAKEN = "250 2.0.0 Thank you"
_NOBODY = "550 5.1.1 Only bounces of letters from here are taken"
_ONE = "452 4.5.3 One recipient at a time"
_LATER = "451 4.3.0 Come again later"


class BounceInbox:
    """Listens on `host` and `port` (0: any free one) for bounces of the letters that `paths` has sent."""

    name = "bounce inbox"

    def __init__(self, paths: ReturnPaths, store: Store, host: str, port: int, clock: Clock) -> None:
        self._socket = _bound(host, port)
        self.port = int(self._socket.getsockname()[1])
        self._handler = _Handler(paths, store, clock)
        self._loop = asyncio.new_event_loop()
        self._stopping = asyncio.Event()
        self._conversations: set[SMTP] = set()
        self._thread = threading.Thread(target=self._run, name=self.name, daemon=True)

    def start(self) -> None:
        """Begin to listen."""
        self._thread.start()
        log.info("the bounce inbox listens", extra={"port": self.port})

    def stop(self, timeout_seconds: float) -> None:
        """Listen no more; what is not confirmed stays with the servers that have it."""
        with suppress(RuntimeError):  # it has ended by itself
            self._loop.call_soon_threadsafe(self._stopping.set)
        if self._thread.is_alive():
            self._thread.join(timeout_seconds)

    def alive(self) -> bool:
        """False once it has ended by itself."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await self._loop.create_server(self._converse, sock=self._socket)
        await self._stopping.wait()
        server.close()
        for conversation in self._conversations:
            if conversation.transport is not None:
                conversation.transport.close()
        await asyncio.sleep(0)

    def _converse(self) -> asyncio.Protocol:
        self._conversations = {old for old in self._conversations if old.transport is not None}
        if len(self._conversations) >= MAX_CONVERSATIONS:
            return _Busy()
        conversation = SMTP(
            self._handler,
            data_size_limit=MAX_BYTES,
            enable_SMTPUTF8=True,
            hostname=socket.gethostname(),
            ident="Pressroom",
            timeout=IDLE_SECONDS,
            loop=self._loop,
        )
        self._conversations.add(conversation)
        return conversation


class _Busy(asyncio.Protocol):
    """Sends away whoever comes while too many are here."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say so and hang up."""
        assert isinstance(transport, asyncio.Transport)
        transport.write(b"421 4.3.2 Too many connections, come again later\r\n")
        transport.close()


class _Handler:
    """What aiosmtpd asks; the answers are lines of SMTP."""

    def __init__(self, paths: ReturnPaths, store: Store, clock: Clock) -> None:
        self._paths = paths
        self._store = store
        self._clock = clock

    async def handle_RCPT(  # noqa: N802
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Only addresses that we have written into a letter are taken."""
        if envelope.rcpt_tos:
            return _ONE
        if self._paths.delivery_of(address) is None:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Read the notice and keep what it says, then take it."""
        delivery_id = self._paths.delivery_of(envelope.rcpt_tos[0])
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        assert delivery_id is not None
        try:
            return await asyncio.to_thread(self._take, delivery_id, content)
        except TransientFailure as failure:
            log.warning("a bounce has to wait for the ledger", extra={"reason": str(failure)})
            return _LATER
        except Exception:
            log.exception("a bounce could not be kept")
            return _LATER

    def _take(self, delivery_id: UUID, content: bytes) -> str:
        mail = read_mail(content)
        if mail.kind == "automatic":
            log.info("an automatic answer was dropped", extra={"delivery_id": str(delivery_id)})
            return _TAKEN
        bounce = self._bounce(delivery_id, mail)
        with self._store.begin() as session:
            if is_under_way(session, delivery_id):
                return _LATER
            take_bounce(session, bounce)
        return _TAKEN

    def _bounce(self, delivery_id: UUID, mail: Mail) -> RecipientBounced:
        now = self._clock()
        if mail.notices:
            # A letter of ours has one recipient; if it was forwarded to several, the worst news count.
            worst = max(mail.notices, key=lambda one: (one.complaint, is_hard(one.failed, one.status), one.failed))
            return as_event(worst, now, delivery_id)
        words = f"A notice that was not understood: {mail.subject[:200]}"
        return RecipientBounced(at=now, delivery_id=delivery_id, address="", hard=False, diagnostic=words)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SettingsError(
            f"PRESSROOM_BOUNCE_HOST and PRESSROOM_BOUNCE_PORT say {host}, port {port}, which is no good: {reason}."
        ) from error
