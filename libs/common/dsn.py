"""What mail servers write about letters: delivery status notifications (RFC 3464) and complaints (RFC 5965).

Whatever a server sends is read as far as it goes; nothing that anybody can send raises an exception.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email.message import Message
from email.parser import BytesHeaderParser, BytesParser, HeaderParser
from email.policy import compat32
from email.utils import getaddresses
from typing import Literal
from uuid import UUID

import msgspec

from libs.common.messages import RecipientBounced

MAX_BYTES = 1_000_000
"""Of a larger notice only so much is read; what matters stands at its beginning."""

MAX_DIAGNOSTIC = 1_000
_MAX_PARTS = 50
_MAX_RECIPIENTS = 500

_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPLY = re.compile(r"(?<![\d.])([45])\d\d[ -]")
_OURS = re.compile(r"<([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})@", re.IGNORECASE)
_AUTOMATIC = re.compile(r"auto-(replied|generated|notified)", re.IGNORECASE)

_LETTER_AT_FAULT = re.compile(r"5\.(1\.[789]|2\.3|3\.4|6\.\d+|7\.2[0-7])")
"""The sender's address, the size, the content or the signature was wrong: the recipient's address may be fine."""

_NOBODY_THERE = re.compile(r"5\.1\.\d+")
_FULL = "5.2.2"


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a server says of one recipient of one letter."""

    address: str = ""
    """As the server knows the recipient; may be another one than ours, if letters are forwarded."""
    delivery_id: UUID | None = None
    """Of our delivery, from the Message-ID of the letter."""
    failed: bool
    """The server has given up; else the letter is late, or it is a complaint."""
    complaint: bool = False
    """The reader called the letter unwanted."""
    status: str = ""
    """RFC 3463, like 5.1.1."""
    diagnostic: str = ""
    """In the words of the server."""
    reference: str = ""
    """The Message-ID of the notice, which tells it from others."""


MailKind = Literal["bounce", "complaint", "automatic", "other"]
"""`automatic`: a holiday notice and the like, to which nobody needs to listen; `other`: it was not understood."""


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """What came in. `notices` are there if it is a bounce or a complaint."""

    kind: MailKind
    notices: tuple[Notice, ...] = ()
    subject: str = ""


def is_hard(failed: bool, status: str) -> bool:
    """True if the address, or the server behind it, does not take letters; not if the mailbox is full, or it is late.

    Without a status the server's word that it failed counts.
    """
    if not failed or status == _FULL:
        return False
    return status.startswith("5") or not status


def names_nobody(status: str) -> bool:
    """True if there is no such user or domain: to write again would be pointless and harm our name."""
    return bool(_NOBODY_THERE.fullmatch(status)) and not blames_letter(status)


def blames_letter(status: str) -> bool:
    """True if the letter or its sender was refused, and nothing was said against the recipient's address."""
    return bool(_LETTER_AT_FAULT.fullmatch(status))


def status_in(text: str) -> str:
    """The first enhanced status in `text`, or one that follows from its reply code (550 becomes 5.0.0), or nothing."""
    if found := _ENHANCED.search(text):
        return found[1]
    reply = _REPLY.search(f"{text} ")
    return f"{reply[1]}.0.0" if reply else ""


def delivery_in(message_id: str) -> UUID | None:
    """The delivery whose letter has this Message-ID; None if the letter is not ours."""
    text = message_id.strip()
    found = _OURS.search(text if "<" in text else f"<{text}")
    return UUID(found[1]) if found else None


def read_mail(raw: bytes) -> Mail:
    """What a mail says about letters of ours."""
    try:
        message = BytesParser(policy=compat32).parsebytes(raw[:MAX_BYTES])
        return _mail(message)
    except Exception:
        # The parser of the standard library has had holes before; a strange mail must not stop the good ones.
        return Mail(kind="other")


def _mail(message: Message) -> Mail:
    parts = [part for part, _ in zip(message.walk(), range(_MAX_PARTS), strict=False)]
    subject, reference = _text(message, "Subject"), _text(message, "Message-ID")[:200]
    about = delivery_in(_message_id_of_original(parts))
    if complaint := _complaint(parts, about, reference):
        return Mail(kind="complaint", notices=complaint, subject=subject)
    told = _told(parts) or _failed_recipients(message, parts)
    if told is not None:
        # A DSN is automatic as well, and says so (Postfix: Auto-Submitted: auto-replied), so this comes first.
        notices = tuple(_with(one, about, reference) for one in told)
        return Mail(kind="bounce", notices=notices, subject=subject)
    return Mail(kind="automatic" if _is_automatic(message) else "other", subject=subject)


def _with(notice: Notice, about: UUID | None, reference: str) -> Notice:
    return msgspec.structs.replace(notice, delivery_id=about, reference=reference)


# Delivery status notifications ------------------------------------------------------------------------------


def _told(parts: list[Message]) -> list[Notice] | None:
    """What the first delivery-status part says; None if there is none that can be read."""
    for part in parts:
        if part.get_content_type() in ("message/delivery-status", "message/global-delivery-status"):
            blocks = list(_blocks(part))
            if any(block.get("Final-Recipient") or block.get("Action") for block in blocks):
                return [notice for block in blocks[:_MAX_RECIPIENTS] if (notice := _notice(block)) is not None]
    return None


def _blocks(part: Message) -> Iterator[Message]:
    """The groups of fields of a report: the first about the letter, the others about a recipient each."""
    payload = part.get_payload()
    if isinstance(payload, list):
        yield from (block for block in payload if isinstance(block, Message))
        return
    decoded = part.get_payload(decode=True)
    text = decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else str(payload or "")
    for group in re.split(r"(?:\r?\n){2,}", text):
        yield HeaderParser(policy=compat32).parsestr(group.lstrip("\r\n"))


def _notice(block: Message) -> Notice | None:
    action = _text(block, "Action").split("(")[0].strip().lower()
    recipient = _typed(_text(block, "Original-Recipient")) or _typed(_text(block, "Final-Recipient"))
    if not action and not recipient:
        return None
    diagnostic = _typed(_text(block, "Diagnostic-Code"))
    status = status_in(_text(block, "Status")) or status_in(diagnostic)
    if status.endswith(".0.0"):
        status = _finer(status, diagnostic)
    failed = action == "failed" or (not action and status.startswith("5"))
    if not failed and (action not in ("delayed", "") or status.startswith("2")):
        return None  # it was delivered, relayed or expanded, which is no news
    return Notice(address=_address(recipient), failed=failed, status=status, diagnostic=diagnostic[:MAX_DIAGNOSTIC])


def _finer(status: str, diagnostic: str) -> str:
    """Many servers report 5.0.0 and say 550 5.1.1 in their words."""
    found = _ENHANCED.search(diagnostic)
    return found[1] if found and found[1][0] == status[0] else status


def _failed_recipients(message: Message, parts: list[Message]) -> list[Notice] | None:
    """Notices that are plain text: Exim names the recipients in a header, qmail begins with a sentence."""
    text = _plain_text(parts)
    addresses = [address for _, address in getaddresses([_text(message, "X-Failed-Recipients")]) if "@" in address]
    if not addresses and "This is the qmail-send program" in text:
        addresses = re.findall(r"(?m)^<([^<>\s]{3,320})>:", text)
    if not addresses:
        return None
    wording = re.search(r"(?m)^.*\b[45]\d\d[ -].*$", text) or re.search(r"(?m)^.*\b5\.\d+\.\d+\b.*$", text)
    diagnostic = _clean(wording[0] if wording else "")[:MAX_DIAGNOSTIC]
    return [
        Notice(address=address, failed=True, status=status_in(diagnostic), diagnostic=diagnostic)
        for address in addresses[:_MAX_RECIPIENTS]
    ]


# Complaints -------------------------------------------------------------------------------------------------


def _complaint(parts: list[Message], about: UUID | None, reference: str) -> tuple[Notice, ...]:
    for part in parts:
        if part.get_content_type() != "message/feedback-report":
            continue
        fields = _fields(part)
        kind = _text(fields, "Feedback-Type").lower()
        if not kind or kind == "not-spam":
            continue
        recipient = _text(fields, "Original-Rcpt-To") or _header_of_original(parts, "To")
        notice = Notice(
            address=_address(recipient),
            delivery_id=about,
            failed=False,
            complaint=True,
            diagnostic=f"Feedback-Type: {kind}"[:MAX_DIAGNOSTIC],
            reference=reference,
        )
        return (notice,)
    return ()


def _fields(part: Message) -> Message:
    """The fields of a report, which parsers take for a message of its own, or for text."""
    payload = part.get_payload()
    if isinstance(payload, list) and payload and isinstance(payload[0], Message):
        return payload[0]
    decoded = part.get_payload(decode=True)
    raw = decoded if isinstance(decoded, bytes) else str(payload or "").encode("utf-8", "replace")
    return BytesHeaderParser(policy=compat32).parsebytes(raw.lstrip())


# The letter that it is about --------------------------------------------------------------------------------


def _message_id_of_original(parts: list[Message]) -> str:
    return _header_of_original(parts, "Message-ID")


def _header_of_original(parts: list[Message], name: str) -> str:
    for part in parts:
        if part.get_content_type() not in ("message/rfc822", "text/rfc822-headers", "message/global-headers"):
            continue
        if value := _text(_fields(part), name):
            return value
    return ""


def _is_automatic(message: Message) -> bool:
    """RFC 3834, and what was usual before it."""
    return bool(
        _AUTOMATIC.match(_text(message, "Auto-Submitted"))
        or _text(message, "X-Autoreply")
        or _text(message, "X-Autorespond")
        or _text(message, "Precedence").lower() == "auto_reply"
    )


def _plain_text(parts: list[Message]) -> str:
    for part in parts:
        if part.get_content_type() == "text/plain":
            decoded = part.get_payload(decode=True)
            return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else ""
    return ""


def _text(message: Message, name: str) -> str:
    """A header on one line; a damaged one as far as it can be read, without characters that no store can keep."""
    return _clean(str(message.get(name) or ""))


def _clean(text: str) -> str:
    return " ".join(text.replace("\0", "").encode("utf-8", "replace").decode().split())


def _typed(value: str) -> str:
    """`rfc822; ann@example.org` without its type."""
    kind, separator, rest = value.partition(";")
    return rest.strip() if separator and re.fullmatch(r"\s*[A-Za-z0-9-]+\s*", kind) else value.strip()


def _address(text: str) -> str:
    """The bare address in `<ann@example.org>`, `Ann <ann@example.org>` or itself; nothing if there is none."""
    found = [address for _, address in getaddresses([text]) if "@" in address] or [text.strip("<> ")]
    address = found[0][:320]
    return address if re.fullmatch(r"[^\s\x00-\x1f@]+@[^\s\x00-\x1f@]+", address) else ""


def as_event(notice: Notice, at: datetime, delivery_id: UUID | None = None) -> RecipientBounced:
    """The event that tells of `notice`; `delivery_id` is surer than what the notice says, if it is known."""
    return RecipientBounced(
        at=at,
        delivery_id=delivery_id or notice.delivery_id,
        address=notice.address,
        hard=is_hard(notice.failed, notice.status),
        failed=notice.failed,
        complaint=notice.complaint,
        status=notice.status,
        diagnostic=notice.diagnostic,
        reference=notice.reference,
    )
