"""From whom a letter comes, to whom it goes, and whom else it names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from email.headerregistry import Address

from libs.common.delivering import Seen
from libs.common.errors import PermanentFailure
from libs.common.messages import DeliverReport
from services.mailer import headers
from services.mailer.mailbox import mailbox, parse_mailbox

UNSEEN = "undisclosed-recipients:;"
"""What a letter says in place of its recipients where it names none (RFC 5322)."""


@dataclass(frozen=True, kw_only=True)
class Addressing:
    """The envelope's `recipient`, and whom the header names. Without `to` and `cc` it names only the recipient."""

    sender: Address
    recipient: Address
    reply_to: str = ""
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    is_secret: bool = False
    """The recipient gets a copy of which the others do not know."""

    @property
    def needs_smtputf8(self) -> bool:
        """Whether the letter can go only to a server that takes addresses in any script."""
        return not (self.sender.addr_spec + self.recipient.addr_spec).isascii()

    def headers(self) -> Iterator[tuple[str, str]]:
        """The headers that name people; a `reply_to` that is no mailbox raises a PermanentFailure."""
        utf8 = self.needs_smtputf8
        yield "From", headers.mailbox_value(self.sender, "From")
        if self.reply_to:
            yield "Reply-To", headers.mailboxes_value((parse_mailbox(self.reply_to),), "Reply-To", utf8=utf8)
        to = self.to or (() if self.is_secret or self.cc else (self.recipient,))
        yield "To", headers.mailboxes_value(to, "To", utf8=utf8) if to else UNSEEN
        if self.cc:
            yield "Cc", headers.mailboxes_value(self.cc, "Cc", utf8=utf8)


def addressing_of(command: DeliverReport, sender: Address) -> Addressing:
    """How the letter for `command` is addressed; a PermanentFailure if its recipient is no address.

    Nobody who gets a secret copy is named, to nobody; who is meant openly is named in their own letter at least.
    """
    profile, recipient = command.manner.profile, command.recipient
    own = mailbox(recipient.address, recipient.name)
    to, cc = _known(command.to), _known(command.cc)
    named = {one.addr_spec for one in (*to, *cc)}
    if own.addr_spec not in named and recipient.role != "bcc" and (to or cc):
        to, cc = ((*to, own), cc) if recipient.role == "to" else (to, (*cc, own))
    return Addressing(
        sender=sender,
        recipient=own,
        reply_to=command.manner.reply_to or (profile.reply_to if profile is not None else ""),
        to=to,
        cc=cc,
        is_secret=recipient.role == "bcc",
    )


def _known(people: tuple[Seen, ...]) -> tuple[Address, ...]:
    """Those whose addresses are some: what is wrong with another recipient's must not keep this letter from going."""
    found = []
    for one in people:
        try:
            found.append(mailbox(one.address, one.name))
        except PermanentFailure:
            continue
    return tuple(found)
