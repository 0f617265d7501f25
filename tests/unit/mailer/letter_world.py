"""A desk whose files are in memory, and how a mail client reads what was written at it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default as readable
from typing import Any

import msgspec

from libs.common.messages import Artifact, DeliverReport, FileFormat
from libs.common.storage import ArtifactStorage
from services.mailer.desk import Desk
from services.mailer.letter import Letter, compose, message_id_of
from services.mailer.mailbox import parse_mailbox

SENDER = parse_mailbox("Pressroom <reports@example.org>")
WRITTEN_AT = datetime(2026, 3, 2, 7, 0, 15, tzinfo=UTC)
KEYS = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE="
PUBLIC_URL = "https://reports.example.org/pressroom/"

CONTENTS: Mapping[str, bytes] = {
    "reports/1/delays.xlsx": b"PK\x03\x04 not really a workbook".ljust(8_312, b"\x00"),
    "reports/1/delays.csv": "carrier,delay\r\nUA,3.5\r\nÜ,1\r\n".encode().ljust(812, b"\n"),
}
"""Of the files of the command that the tests change."""

STORAGE = ArtifactStorage("memory:///")
DESK = Desk(storage=STORAGE, seal_keys=KEYS, public_url=PUBLIC_URL)

for _key, _content in CONTENTS.items():
    STORAGE.put(_key, _content)


def stored(name: str, content: bytes, format: FileFormat = "csv") -> Artifact:  # noqa: A002 - as the artifact calls it
    """A file in the storage."""
    key = f"reports/{hashlib.sha256(content).hexdigest()[:8]}/{name}"
    STORAGE.put(key, content)
    return Artifact(
        key=key,
        filename=name,
        format=format,
        media_type="text/csv" if format == "csv" else f"application/{format}",
        size_bytes=len(content),
        rows=16,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def letter_of(command: DeliverReport, desk: Desk = DESK, **how: Any) -> Letter:
    message_id = message_id_of(command.delivery_id, SENDER)
    return compose(command, desk, **{"sender": SENDER, "message_id": message_id, "written_at": WRITTEN_AT, **how})


def without_links(**changes: Any) -> Desk:
    return Desk(**{"storage": STORAGE, **changes})


def read(letter: Letter) -> EmailMessage:
    message = message_from_bytes(letter.content, policy=readable)
    assert isinstance(message, EmailMessage)
    return message


def text_of(letter: Letter, kind: str = "plain") -> str:
    part = read(letter).get_body((kind,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def files_of(letter: Letter) -> dict[str | None, bytes]:
    return {part.get_filename(): part.get_payload(decode=True) for part in read(letter).iter_attachments()}  # type: ignore[misc]


def manner(command: DeliverReport, **changes: Any) -> DeliverReport:
    """The command with changes to the manner of its delivery."""
    return msgspec.structs.replace(command, manner=msgspec.structs.replace(command.manner, **changes))
