"""Mailboxes: a name and an address, checked, with a domain that every mail server understands."""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.utils import parseaddr

import idna

from libs.common.errors import PermanentFailure
from services.mailer.headers import one_line

_OTHER_SCRIPT = re.compile(r"[^\x00-\x7f]")


def mailbox(address: str, name: str = "") -> Address:
    """The mailbox at `address`, its domain in ASCII; a PermanentFailure if that is no address."""
    try:
        # The library's grammar knows ASCII only; a letter of another script stands where any letter may.
        Address(addr_spec=_OTHER_SCRIPT.sub("x", address))
        username, _, domain = address.rpartition("@")
        if not username or one_line(address) != address:
            raise ValueError(address)
        return Address(display_name=one_line(name), username=username.strip('"'), domain=_ascii(domain))
    except (HeaderParseError, ValueError, IndexError) as error:
        raise PermanentFailure(f"{address!r} is no e-mail address.") from error


def parse_mailbox(text: str) -> Address:
    """The mailbox in `Name <address>` or a bare address; a PermanentFailure if there is none."""
    name, address = parseaddr(text)
    return mailbox(address or text, name)


def _ascii(domain: str) -> str:
    """The domain as DNS knows it.

    By IDNA 2008 and not by Python's own codec, which is IDNA 2003: that would send a letter for straße.example to
    strasse.example, which belongs to somebody else.
    """
    return domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
