"""Which addresses Pressroom may connect to when a person has named the place.

Whoever may name a webhook could otherwise make the mailer speak to what only the mailer can reach: itself, its
neighbours, and the service of a cloud that hands out the machine's own credentials (169.254.169.254).
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

from libs.common.errors import SettingsError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

SETTING = "PRESSROOM_MAILER_ALLOWED_NETWORKS"

_LOCAL = IPv4Address("127.0.0.1")
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
"""NAT64 (RFC 6052, RFC 8215): the last four bytes are an IPv4 address."""


class Networks:
    """Public addresses, and those in `allowed`: networks like `10.1.0.0/16, fd12::/16`, separated by commas."""

    def __init__(self, allowed: str = "") -> None:
        self.allowed = allowed
        self._allowed = [_network(text.strip()) for text in allowed.split(",") if text.strip()]

    def may_reach(self, address: str) -> bool:
        """Whether a connection may go to `address`, which is an IP address and no name."""
        try:
            ip = ip_address(address)
        except ValueError:
            return False
        return self._is_allowed(ip) or all(self._is_allowed(one) or _is_public(one) for one in _meant(ip))

    def may_name(self, host: str) -> bool:
        """Whether a URL may have this host; of a name only the resolver can tell, later and where it connects."""
        ip = literal(host)
        return ip is None or self.may_reach(str(ip))

    def _is_allowed(self, ip: Address) -> bool:
        return any(ip in network for network in self._allowed)


def literal(host: str) -> Address | None:
    """The address that `host` is, in any spelling that a resolver understands without asking; None for a name."""
    host = host.strip("[]").rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return _LOCAL
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # 2130706433, 0x7f.1 and 0177.0.0.1 are 127.0.0.1 too.
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def refusal(shown: str) -> str:
    """Why the server `shown` is not connected to, as a sentence."""
    return f"{shown} has no public address; whoever runs Pressroom can allow its network in {SETTING}."


def _meant(ip: Address) -> Iterator[Address]:
    """The address itself, or those that it stands for."""
    if isinstance(ip, IPv4Address):
        yield ip
        return
    if ip.ipv4_mapped is not None:
        yield ip.ipv4_mapped
    elif any(ip in network for network in _TRANSLATED):
        yield IPv4Address(int(ip) & 0xFFFFFFFF)
    else:
        yield ip
        if ip.sixtofour is not None:
            yield ip.sixtofour


def _is_public(ip: Address) -> bool:
    if ip.is_multicast or ip.is_reserved or ip.is_unspecified:
        return False
    # Python takes the former site-local addresses of IPv6 for public ones.
    return ip.is_global and not (isinstance(ip, IPv6Address) and ip.is_site_local)


def _network(text: str) -> Network:
    try:
        return ip_network(text, strict=False)
    except ValueError as error:
        raise SettingsError(
            f"{SETTING} must be networks like 10.1.0.0/16, separated by commas; {text!r} is none."
        ) from error
