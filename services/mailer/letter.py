"""The letter itself: what one recipient gets, byte by byte.

The same command makes the same bytes at every attempt: Message-ID, Date and boundaries follow from the delivery, so
a server that looks for doubles recognises one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.headerregistry import Address
from email.utils import format_datetime
from io import BytesIO
from uuid import UUID

import msgspec

from libs.common.delivering import MailProfile
from libs.common.errors import PermanentFailure
from libs.common.messages import DeliverReport, SendNotice
from services.mailer import headers, mime
from services.mailer.addressing import Addressing, addressing_of
from services.mailer.as_html import as_html
from services.mailer.as_text import as_text
from services.mailer.contents import Contents, contents_of, contents_of_notice, subject_of
from services.mailer.desk import Desk
from services.mailer.ladder import Attachment, Ladder, Rung
from services.mailer.mailbox import mailbox
from services.mailer.senders import Form
from services.mailer.words import words_of

_MEDIA_TYPE = re.compile(r"(text|application|image)/([a-z0-9][a-z0-9.+-]*)")


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter and its envelope. `sender` and `recipient` are bare addresses; `content` has CRLF line ends."""

    message_id: str
    sender: str
    recipient: str
    content: bytes
    needs_smtputf8: bool
    form: Form = "files"
    """What the recipient gets: the files, an archive of them, or links."""


def message_id_of(delivery_id: UUID, sender: Address) -> str:
    """The Message-ID of a new delivery."""
    return f"<{delivery_id}@{sender.domain}>"


def compose(
    command: DeliverReport,
    desk: Desk,
    *,
    sender: Address,
    message_id: str,
    written_at: datetime,
    limit: int | None = None,
) -> Letter:
    """The letter for `command`, with its files in the first form that fits.

    `message_id` and `written_at`, its Date, are those of the first attempt, when the delivery was written down.
    `limit` is the largest letter, encoded, that its profile and server take. PermanentFailure for a recipient that is
    no address, for files that are gone, and for a letter that is too large however it is made.
    """
    addressing = addressing_of(command, sender)
    unsubscribe_url = desk.unsubscribe_url(command)
    head = _head(addressing, subject_of(command), message_id, written_at, unsubscribe_url)
    most = desk.most_bytes(limit)
    with Ladder(command, desk, written_at, most) as ladder:
        for rung in ladder.rungs():
            contents = contents_of(command, rung.enclosed, written_at, unsubscribe_url)
            draft = _draft(head, contents, rung, command.delivery_id)
            if draft.size_bytes <= most:
                return Letter(
                    message_id=message_id,
                    sender=sender.addr_spec,
                    recipient=addressing.recipient.addr_spec,
                    content=draft.written(),
                    needs_smtputf8=addressing.needs_smtputf8,
                    form=rung.form,
                )
            ladder.refused = ladder.refused or draft.size_bytes
    size, allowed = words_of("en").size(draft.size_bytes), words_of("en").size(most)
    raise PermanentFailure(f"The letter has {size} even without its files, and at most {allowed} may be sent.")


def compose_notice(notice: SendNotice, *, sender: Address, message_id: str, written_at: datetime) -> Letter:
    """The letter for `notice`, which brings no files."""
    addressing = Addressing(
        sender=sender,
        recipient=mailbox(notice.recipient.address, notice.recipient.name),
        reply_to=_reply_to(notice.profile),
    )
    head = _head(addressing, headers.one_line(notice.subject), message_id, written_at, "")
    draft = _draft(head, contents_of_notice(notice), None, notice.notice_id)
    return Letter(
        message_id=message_id,
        sender=sender.addr_spec,
        recipient=addressing.recipient.addr_spec,
        content=draft.written(),
        needs_smtputf8=addressing.needs_smtputf8,
    )


@dataclass(frozen=True, kw_only=True)
class _Draft:
    """A letter whose files are still to be read. `frames` stand before each of the attachments, and the last one
    behind them."""

    head: bytes
    frames: Sequence[bytes]
    attachments: Sequence[Attachment]

    @property
    def size_bytes(self) -> int:
        files = sum(mime.base64_size(one.size_bytes) for one in self.attachments)
        return len(self.head) + sum(map(len, self.frames)) + files

    def written(self) -> bytes:
        """The whole letter. Of its files, only some pieces are in memory at the same time."""
        content = BytesIO()
        content.write(self.head)
        for frame, attachment in zip(self.frames, self.attachments, strict=False):
            content.write(frame)
            content.writelines(mime.base64_lines(attachment.pieces()))
        content.write(self.frames[-1])
        return content.getvalue()


def _draft(head: bytes, contents: Contents, rung: Rung | None, letter_id: UUID) -> _Draft:
    texts = (mime.text_part("plain", as_text(contents)), mime.text_part("html", as_html(contents)))
    body = mime.alternative(texts, _boundary(letter_id, "body"))
    if rung is None or not rung.attachments:
        return _Draft(head=head, frames=(body,), attachments=())
    edge = _boundary(letter_id, "files")
    before = mime.opening(edge)
    frames = [before + _file_head(one) for one in rung.attachments]
    frames[0] = mime.mixed(edge) + before + body + frames[0]
    return _Draft(head=head, frames=(*frames, mime.closing(edge)), attachments=rung.attachments)


def _file_head(attachment: Attachment) -> bytes:
    return mime.file_head(_content_type(attachment.media_type), headers.attachment_value(attachment.filename))


def _head(addressing: Addressing, subject: str, message_id: str, written_at: datetime, unsubscribe_url: str) -> bytes:
    lines = [("Date", format_datetime(written_at.astimezone(UTC))), *addressing.headers()]
    lines += [("Subject", headers.words(subject, "Subject")), ("Message-ID", message_id)]
    if unsubscribe_url:
        lines += [("List-Unsubscribe", f"<{unsubscribe_url}>"), ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")]
    lines += [
        # Nobody's holiday notice shall answer a report (RFC 3834, and the same for Exchange).
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
        # Letters with the same subject are no conversation: each day is a report of its own.
        ("X-Entity-Ref-ID", message_id.strip("<>")),
        ("MIME-Version", "1.0"),
    ]
    text = "".join(headers.header(name, value) for name, value in lines)
    return text.encode("utf-8" if addressing.needs_smtputf8 else "ascii")


def _reply_to(profile: MailProfile | None) -> str:
    return profile.reply_to if profile is not None else ""


def _boundary(letter_id: UUID, name: str) -> str:
    # "=_" appears neither in base64 nor in quoted-printable, so no content can contain it.
    return f"=_{letter_id.hex}_{name}"


def _content_type(text: str) -> str:
    """`text/csv; charset=utf-8` without its parameters, which may be anything; what is strange is just bytes."""
    known = _MEDIA_TYPE.match(text.lower())
    if not known:
        return "application/octet-stream"
    return f'{known[0]}; charset="utf-8"' if known[1] == "text" else known[0]
