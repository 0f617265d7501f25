"""The folder of letters: one `.eml` with the exact bytes, and beside it one `.json` with the envelope.

The envelope is kept apart because a header that the sender did not write would change the letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default as readable
from pathlib import Path
from uuid import UUID

import msgspec

SHOWN_IN_NAMES = "@.+-_"


class Envelope(msgspec.Struct, frozen=True, kw_only=True):
    """What the two servers said to each other about a letter, which is not a part of the letter."""

    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    peer: str
    encrypted: bool
    user: str = ""
    smtputf8: bool = False


class KeptLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One letter in the folder. `path` is its `.eml` file."""

    path: Path
    envelope: Envelope

    @property
    def raw(self) -> bytes:
        """The letter exactly as it came after DATA, without the dots that SMTP adds."""
        return self.path.read_bytes()

    @property
    def message(self) -> EmailMessage:
        """The letter, parsed, with readable headers."""
        message = BytesParser(policy=readable).parsebytes(self.raw)
        assert isinstance(message, EmailMessage)
        return message


class LetterFolder:
    """Keeps letters in `folder`, which is made if it is missing, and finds them again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def keep(self, raw: bytes, envelope: Envelope, letter_id: UUID) -> Path:
        """Write the letter and return its path; raises OSError if the disk refuses.

        The `.eml` appears last and all at once, so whoever sees it sees the whole letter and its envelope.
        """
        path = self.folder / f"{_stem(envelope, letter_id)}.eml"
        _write_whole(path.with_suffix(".json"), msgspec.json.format(msgspec.json.encode(envelope)))
        _write_whole(path, raw)
        return path

    def letters(self) -> list[KeptLetter]:
        """All letters, the oldest first."""
        return [_read(path) for path in sorted(self.folder.glob("*.eml"))]


def _stem(envelope: Envelope, letter_id: UUID) -> str:
    moment = envelope.received_at.astimezone(UTC).strftime("%Y%m%dT%H%M%S.%fZ")
    # Forty characters of any script stay below the 255 bytes that a file name may have.
    recipient = "".join(c if c.isalnum() or c in SHOWN_IN_NAMES else "_" for c in envelope.recipients[0][:40])
    return f"{moment}_{recipient}_{letter_id.hex[:8]}"


def _write_whole(path: Path, content: bytes) -> None:
    unfinished = path.with_name(f".{path.name}.part")
    unfinished.write_bytes(content)
    unfinished.replace(path)


def _read(path: Path) -> KeptLetter:
    envelope = msgspec.json.decode(path.with_suffix(".json").read_bytes(), type=Envelope)
    return KeptLetter(path=path, envelope=envelope)
