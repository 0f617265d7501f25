"""The letter itself: what one recipient gets, byte by byte.

The same command makes the same bytes at every attempt: Message-ID, Date and boundaries follow from the delivery, so
a server that looks for doubles recognises one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from uuid import UUID

import msgspec

from libs.common.messages import Artifact, DeliverReport
from services.mailer import headers
from services.mailer.contents import contents_of, filename_of, subject_of
from services.mailer.drawings import as_html, as_text
from services.mailer.mailbox import mailbox

_MEDIA_TYPE = re.compile(r"(text|application|image)/([a-z0-9][a-z0-9.+-]*)")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter and its envelope. `sender` and `recipient` are bare addresses; `content` has CRLF line ends."""

    message_id: str
    sender: str
    recipient: str
    content: bytes
    needs_smtputf8: bool


def message_id_of(delivery_id: UUID, sender: Address) -> str:
    """The Message-ID of a new delivery."""
    return f"<{delivery_id}@{sender.domain}>"


def compose(
    command: DeliverReport, files: Sequence[bytes], *, sender: Address, message_id: str, written_at: datetime
) -> Letter:
    """The letter for `command`; `files` are the contents of its artifacts, in their order.

    `message_id` and `written_at`, its Date, are those of the first attempt, when the delivery was written down.
    A recipient that is no address raises a PermanentFailure.
    """
    recipient = mailbox(command.recipient.address, command.recipient.name)
    needs_smtputf8 = not (sender.addr_spec + recipient.addr_spec).isascii()
    message = EmailMessage(policy=headers.AS_WRITTEN.clone(utf8=needs_smtputf8))
    message["Date"] = format_datetime(written_at.astimezone(UTC))
    message["From"] = headers.mailbox_value(sender, "From")
    message["To"] = headers.mailbox_value(recipient, "To")
    message["Subject"] = headers.words(subject_of(command), "Subject")
    message["Message-ID"] = message_id
    # Nobody's holiday notice shall answer a report (RFC 3834, and the same for Exchange).
    message["Auto-Submitted"] = "auto-generated"
    message["X-Auto-Response-Suppress"] = "All"
    _write_body(message, command, written_at)
    _attach(message, command, files)
    return Letter(
        message_id=message_id,
        sender=sender.addr_spec,
        recipient=recipient.addr_spec,
        content=message.as_bytes(),
        needs_smtputf8=needs_smtputf8,
    )


def _write_body(message: EmailMessage, command: DeliverReport, written_at: datetime) -> None:
    contents = contents_of(command, written_at)
    message.set_content(as_text(contents), cte="quoted-printable")
    message.add_alternative(as_html(contents), subtype="html", cte="quoted-printable")
    message.set_boundary(_boundary(command.delivery_id, "body"))


def _attach(message: EmailMessage, command: DeliverReport, files: Sequence[bytes]) -> None:
    if not command.artifacts:
        return
    message.make_mixed()
    for artifact, content in zip(command.artifacts, files, strict=True):
        message.attach(_part(artifact, content))
    message.set_boundary(_boundary(command.delivery_id, "files"))


def _part(artifact: Artifact, content: bytes) -> EmailMessage:
    maintype, subtype = _media_type(artifact.media_type)
    part = EmailMessage(policy=headers.AS_WRITTEN)
    part.set_content(content, maintype=maintype, subtype=subtype, cte="base64")
    if maintype == "text":
        part.set_param("charset", "utf-8")
    del part["MIME-Version"]  # it belongs to the whole letter
    part["Content-Disposition"] = headers.attachment_value(filename_of(artifact))
    return part


def _boundary(delivery_id: UUID, name: str) -> str:
    # "=_" appears neither in base64 nor in quoted-printable, so no content can contain it.
    return f"=_{delivery_id.hex}_{name}"


def _media_type(text: str) -> tuple[str, str]:
    """`text/csv; charset=utf-8` without its parameters; anything strange is just bytes."""
    known = _MEDIA_TYPE.match(text.lower())
    return (known[1], known[2]) if known else ("application", "octet-stream")
