"""Mailboxes: an address, or a name with one, as in `Reports <reports@example.org>`."""

from __future__ import annotations

import re

from email_validator import EmailNotValidError

from libs.common.mail_addresses import why_not
from services.api.problems import Findings
from services.api.recipients import normalised
from services.api.words import shown

_NAMED = re.compile(r"(?P<name>[^<>]*?)\s*<\s*(?P<address>[^<>]*?)\s*>")
_QUOTED = re.compile(r'"(?P<inside>(?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_SPECIAL = re.compile(r'[()\[\]:;@\\,."]')
"""In a name these stand in quotes only (RFC 5322)."""


def checked_mailbox(text: str, field: str, wrong: Findings) -> str:
    """The mailbox in the one way that every reader understands; what is none goes to `wrong`."""
    named = _NAMED.fullmatch(text)
    name, address = (named["name"], named["address"]) if named else ("", text)
    if quoted := _QUOTED.fullmatch(name):
        name = _ESCAPED.sub(r"\1", quoted["inside"])
    try:
        address = normalised(address)
    except EmailNotValidError as error:
        wrong.add(
            field,
            f"{field} must be an e-mail address, or a name with one like Reports <reports@example.org>, "
            f"not {shown(text)}: {why_not(error)}",
        )
        return text
    if not name:
        return address
    if _SPECIAL.search(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        name = f'"{escaped}"'
    return f"{name} <{address}>"
