"""Connections to places that people have named: only to addresses that may be reached, and to nowhere else.

A name is resolved once, and the connection goes to an address that was looked at then: a name that answers with
another address a moment later (DNS rebinding) gains nothing. TLS still checks the certificate against the name.
No redirect is followed and no proxy of the environment is used, since both would connect somewhere else.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping

import httpcore
import msgspec

from libs.common.errors import PermanentFailure
from libs.common.networks import Networks, refusal
from services.mailer.answers import NotNow

MOST_OF_AN_ANSWER = 64 * 1024
"""Bytes of an answer that are read; nobody needs more of it."""
CONNECT_SECONDS = 10.0
ANSWER_BODY_SECONDS = 10.0
"""How long the rest of an answer may take whose status is known."""


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What a web server answered."""

    status: int
    headers: Mapping[str, str]
    """By names in small letters."""
    text: str


class NoReply(Exception):
    """The server was reached, and then did not answer as it should; the text is a clause without secrets."""


class Outgoing:
    """Makes guarded connections. `timeout_seconds`: how long a whole request may take, its answer included."""

    def __init__(self, networks: Networks, context: ssl.SSLContext, *, timeout_seconds: float) -> None:
        self.networks = networks
        self.timeout_seconds = timeout_seconds
        self._context = context

    async def addresses(self, host: str, port: int) -> list[str]:
        """The addresses of `host` that may be reached; a PermanentFailure if there are only others."""
        try:
            found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise NotNow(f"The name {host} cannot be resolved: {_words(error)}.") from error
        named = dict.fromkeys(str(address[0]) for *_, address in found)
        good = [address for address in named if self.networks.may_reach(address)]
        if not good:
            # Which address it has is not told: who asks might want to know just that about the inner network.
            raise PermanentFailure(refusal(host))
        return good

    async def connected(self, host: str, port: int) -> socket.socket:
        """A socket that is connected to `host`; NotNow if nobody is there."""
        failure: Exception = OSError("it has no address")
        for address in await self.addresses(host, port):
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await _socket_to(address, port)
            except (OSError, TimeoutError) as error:
                failure = error
        raise NotNow(f"{host} cannot be reached: {_words(failure)}.") from failure

    async def post(self, url: str, headers: Mapping[str, str], body: AsyncIterator[bytes]) -> Reply:
        """Send `body`, whose Content-Length is among `headers`, and return the answer, whatever its status.

        NotNow if the server cannot be reached, NoReply if it was and no answer came. What `body` raises is passed on.
        """
        try:
            async with (
                asyncio.timeout(self.timeout_seconds),
                self._pool() as pool,
                pool.stream(
                    "POST",
                    url,
                    headers=[*headers.items(), ("Connection", "close")],
                    content=body,
                    extensions={"timeout": self._timeouts()},
                ) as response,
            ):
                return await _reply(response)
        except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
            raise NotNow(f"{_host(url)} cannot be reached: {_words(error)}.") from error
        except (httpcore.TimeoutException, TimeoutError) as error:
            raise NoReply(f"did not answer within {self.timeout_seconds:g} seconds") from error
        except (httpcore.NetworkError, httpcore.ProtocolError) as error:
            raise NoReply(f"broke the connection off ({_words(error)})") from error

    def _pool(self) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(ssl_context=self._context, network_backend=_Guarded(self), http2=False)

    def _timeouts(self) -> dict[str, float]:
        whole = self.timeout_seconds
        return {"connect": min(CONNECT_SECONDS, whole), "read": whole, "write": whole, "pool": whole}


class _Guarded(httpcore.AsyncNetworkBackend):
    """Connects to the addresses that were looked at, and to no other."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._backend = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception = httpcore.ConnectError("it has no address")
        for address in await self._outgoing.addresses(host, port):
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)


async def _reply(response: httpcore.Response) -> Reply:
    """The answer. Its status decides, so a rest that comes slowly, broken or without end is cut."""
    pieces, size = [], 0
    try:
        async with asyncio.timeout(ANSWER_BODY_SECONDS):
            async for piece in response.aiter_stream():
                pieces.append(piece[: MOST_OF_AN_ANSWER - size])
                size += len(pieces[-1])
                if size >= MOST_OF_AN_ANSWER:
                    break
    except (TimeoutError, httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException):
        pass
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
    return Reply(status=response.status, headers=headers, text=b"".join(pieces).decode("utf-8", "replace"))


async def _socket_to(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connection = socket.socket(family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, (address, port))
    except BaseException:
        connection.close()
        raise
    return connection


def _host(url: str) -> str:
    return httpcore.URL(url).host.decode("ascii")


def _words(error: BaseException) -> str:
    """The innermost words: `Connection refused` instead of several layers of packing."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message.rstrip('.')})"
    words = str(error)
    if isinstance(error, ssl.SSLError):
        words = (error.reason or words).replace("_", " ").lower()
    elif isinstance(error, OSError) and error.errno is not None:
        # A number below zero is no errno but one of getaddrinfo, whose words are in strerror.
        words = os.strerror(error.errno) if error.errno > 0 else error.strerror or words
    return words.splitlines()[0].rstrip(".") if words else type(error).__name__
