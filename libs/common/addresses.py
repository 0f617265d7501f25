"""E-mail addresses: when two of them are the same mailbox, and which domains may get letters at all."""

from __future__ import annotations

from functools import lru_cache

import idna
import msgspec

from libs.common.errors import SettingsError


def ascii_domain(domain: str) -> str:
    """The domain as DNS knows it, in small letters; what DNS cannot know stays as it is."""
    domain = domain.strip().rstrip(".").lower()
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return domain


def address_key(address: str) -> str:
    """The address under which consent is kept: the same for every way in which people and servers write it.

    Small letters, the domain in ASCII. Strictly, the part before the @ may tell big and small letters apart; no mail
    server in use does.
    """
    address = address.strip()
    if address.isascii():
        return address.lower().rstrip(".")
    local, at, domain = address.rpartition("@")
    return f"{local.lower()}{at}{ascii_domain(domain)}"


class AllowedDomains(msgspec.Struct, frozen=True):
    """Domains to which letters may go; without any, they may go everywhere."""

    exact: frozenset[str] = frozenset()
    parents: tuple[str, ...] = ()
    """Of which every subdomain is allowed, each with its leading dot; not the domain itself."""
    shown: str = ""
    """As an operator wrote it."""

    def allows(self, address: str) -> bool:
        """True if a letter may go to `address`."""
        if not self.exact and not self.parents:
            return True
        domain = ascii_domain(address.rpartition("@")[2])
        return domain in self.exact or domain.endswith(self.parents)

    def sentence(self, address: str) -> str:
        """Why a letter may not go to `address`."""
        return f"{address} is not allowed: letters may go to {self.shown} only (PRESSROOM_ALLOWED_DOMAINS)."


EVERYWHERE = AllowedDomains()


@lru_cache(maxsize=4)
def parse_allowed(text: str) -> AllowedDomains:
    """The domains in `example.org, *.example.com`; a SettingsError names the entry that is none."""
    exact: set[str] = set()
    parents: list[str] = []
    written = [entry.strip() for entry in text.split(",") if entry.strip()]
    for entry in written:
        domain = ascii_domain(entry.removeprefix("*."))
        if not _is_domain(domain):
            raise SettingsError(
                f"PRESSROOM_ALLOWED_DOMAINS must hold domains like example.org or *.example.org, not {entry}."
            )
        if entry.startswith("*."):
            parents.append(f".{domain}")
        else:
            exact.add(domain)
    return AllowedDomains(frozenset(exact), tuple(parents), ", ".join(written))


def _is_domain(domain: str) -> bool:
    labels = domain.split(".")
    return all(label and label.replace("-", "").isalnum() and label.isascii() for label in labels)
