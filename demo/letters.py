"""The letters as their readers have them: `.eml` files in a folder."""

from __future__ import annotations

import hashlib
from email.message import Message
from pathlib import Path
from uuid import UUID

import msgspec

from libs.mailsink.folder import KeptLetter, LetterFolder


class Attachment(msgspec.Struct, frozen=True, kw_only=True):
    """A file that came with a letter."""

    filename: str
    content: bytes

    @property
    def sha256(self) -> str:
        """The fingerprint of the content, as hexadecimal digits."""
        return hashlib.sha256(self.content).hexdigest()


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """A letter that the mail sink took; `recipients` are those of its envelope."""

    path: Path
    message_id: str
    recipients: tuple[str, ...]
    subject: str
    attachments: tuple[Attachment, ...]

    def stands_for(self, delivery_id: UUID) -> bool:
        """Whether this is the letter of a delivery, whose id is the first part of the Message-ID."""
        return self.message_id.startswith(f"<{delivery_id}@")


def read_letters(folder: Path) -> list[Letter]:
    """All letters in `folder`, the oldest first."""
    return [_read(kept) for kept in LetterFolder(folder).letters()]


def _read(kept: KeptLetter) -> Letter:
    message = kept.message
    return Letter(
        path=kept.path,
        message_id=str(message["Message-ID"]),
        recipients=kept.envelope.recipients,
        subject=str(message["Subject"]),
        attachments=tuple(map(_attachment, message.iter_attachments())),
    )


def _attachment(part: Message[str, str]) -> Attachment:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return Attachment(filename=part.get_filename() or "", content=content)
