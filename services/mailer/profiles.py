"""Mail servers: the one of the settings, and those of the profiles that commands bring along.

A profile travels with its URL sealed. What determines a server is the opened URL and the authority to trust: profiles
that agree in these share connections, and a profile that was changed finds new ones, while those to the old server
are closed when they have been idle for some seconds.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from email.headerregistry import Address
from typing import TypeVar

import msgspec

from libs.common.delivering import MailProfile
from libs.common.errors import PermanentFailure
from services.mailer.connections import Connections
from services.mailer.desk import BYTES_PER_MEGABYTE
from services.mailer.mailbox import parse_mailbox
from services.mailer.server import MailServer, profile_server, profile_tls_context
from services.mailer.smtp import Timeouts

K = TypeVar("K")
V = TypeVar("V")

MOST_KNOWN = 1_000
"""Profiles that are remembered; whoever has more of them opens the longest unused one again."""


class Outlet(msgspec.Struct, frozen=True, kw_only=True):
    """A mail server, the connections to it, and who writes through it."""

    connections: Connections
    sender: Address
    most_bytes: int | None = None
    """Of a letter, as the profile says; None: no limit but the server's."""

    @property
    def limit(self) -> int | None:
        """The largest letter that may leave here, encoded; None as long as nobody knows of one."""
        limits = [one for one in (self.most_bytes, self.connections.size_limit) if one]
        return min(limits) if limits else None


class Profiles:
    """A part of the service: gives each letter the server that it shall leave through. Thread-safe."""

    name = "profiles"

    def __init__(
        self,
        server: MailServer,
        tls: ssl.SSLContext,
        sender: Address,
        *,
        opened: Callable[[str], str],
        timeouts: Timeouts,
        client_name: str = "",
    ) -> None:
        self._opened = opened
        self._timeouts = timeouts
        self._client_name = client_name
        self._own = Outlet(connections=Connections(server, tls, timeouts, client_name), sender=sender)
        self._outlets: dict[MailProfile, Outlet] = {}
        self._pools: dict[tuple[str, str, str], Connections] = {}
        self._guard = threading.Lock()

    def known(self, profile: MailProfile | None) -> Outlet | None:
        """The outlet of a profile, if it was used lately."""
        return self._own if profile is None else self._outlets.get(profile)

    def outlet(self, profile: MailProfile | None) -> Outlet:
        """The outlet of a profile; a PermanentFailure says what is wrong with it. It may read files of the system."""
        found = self.known(profile)
        if found is not None or profile is None:
            return found or self._own
        with self._guard:
            outlet = self._outlets.get(profile) or self._new_outlet(profile)
            self._outlets[profile] = outlet
            _forget_old(self._outlets)
        return outlet

    async def find(self, profile: MailProfile | None) -> Outlet:
        """As `outlet`, for coroutines."""
        known = self.known(profile)
        return known if known is not None else await asyncio.to_thread(self.outlet, profile)

    def sender(self, profile: MailProfile | None) -> Address:
        """Who writes through a profile; if nobody can, the sender of the settings."""
        known = self.known(profile)
        if known is None and profile is not None:
            with suppress(PermanentFailure):
                return _sender(profile)
        return (known or self._own).sender

    def limit_for(self, profile: MailProfile | None) -> int | None:
        """The largest letter that this profile may send, encoded, as far as known before a server said its SIZE."""
        return self.outlet(profile).limit

    def start(self) -> None:
        """There is nothing to do before the first letter."""

    def stop(self, timeout_seconds: float) -> None:
        """Keep no connection any more, and close those that are idle."""
        with self._guard:
            pools = [self._own.connections, *self._pools.values()]
        for pool in pools:
            pool.stop(timeout_seconds)

    def alive(self) -> bool:
        """Connections that were lost are replaced when they are needed."""
        return True

    def _new_outlet(self, profile: MailProfile) -> Outlet:
        sender = _sender(profile)
        url = self._opened(profile.sealed_url)
        key = (url, profile.ca_certificate, profile.name)
        pool = self._pools.get(key)
        if pool is None:
            server = profile_server(url, profile.name)
            tls = profile_tls_context(profile.ca_certificate, profile.name)
            pool = self._pools[key] = Connections(server, tls, self._timeouts, self._client_name)
            _forget_old(self._pools)
        most = int(profile.max_megabytes * BYTES_PER_MEGABYTE) or None
        return Outlet(connections=pool, sender=sender, most_bytes=most)


def _sender(profile: MailProfile) -> Address:
    try:
        return parse_mailbox(profile.sender)
    except PermanentFailure as failure:
        raise PermanentFailure(f"The sender of the profile “{profile.name}” is wrong: {failure}") from None


def _forget_old(known: dict[K, V]) -> None:
    while len(known) > MOST_KNOWN:
        known.pop(next(iter(known)))
