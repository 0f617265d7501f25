"""The size ladder: files as they are, or in one archive, or links to them. A letter takes the first that fits.

What a rung weighs is known before a file is read: base64 and the frame around it can be counted. Only an archive has
to be made to know how large it is, into a temporary file, and only where it may help.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import IO, Self

from libs.common.errors import PermanentFailure
from libs.common.messages import Artifact, DeliverReport
from services.mailer import archive
from services.mailer.contents import FORMAT_NAMES, Enclosed, ShownFile, counted_rows
from services.mailer.desk import Desk
from services.mailer.files import pieces_of
from services.mailer.headers import filename_of
from services.mailer.mime import base64_size
from services.mailer.senders import Form
from services.mailer.words import Words, words_of

_IN_MEMORY_BYTES = 1 << 20
_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A file in the letter; `pieces` reads its content, once."""

    filename: str
    media_type: str
    size_bytes: int
    pieces: Callable[[], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class Rung:
    """How the files go with the letter, and what it says of that."""

    form: Form
    enclosed: Enclosed
    attachments: tuple[Attachment, ...] = ()


class Ladder:
    """The rungs for one letter; use it in a `with` block, at whose end temporary files are gone."""

    def __init__(self, command: DeliverReport, desk: Desk, written_at: datetime, most_bytes: int) -> None:
        self.refused = 0
        """How many bytes the letter would have had that was too large; 0 as long as none was."""
        self._command = command
        self._desk = desk
        self._written_at = written_at
        self._most = most_bytes
        self._words = words_of(command.locale)
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def rungs(self) -> Iterator[Rung]:
        """From the one that the command asks for down to links, which is the last. PermanentFailure if links are
        needed and cannot be made."""
        first = self._command.manner.attach
        packs = first == "zip" and not archive.is_archive(self._command.artifacts)
        if first == "files" or (first == "zip" and not packs):
            yield self._files()
        packed = self._packed(asked=packs) if self._command.artifacts and first != "link" else None
        if packed is not None:
            yield packed
        yield self._linked()

    def _files(self) -> Rung:
        storage, artifacts = self._desk.storage, self._command.artifacts
        return Rung(
            form="files",
            enclosed=Enclosed(
                title=self._words.attached, files=tuple(_shown(artifact, self._words) for artifact in artifacts)
            ),
            attachments=tuple(
                Attachment(
                    filename=filename_of(artifact),
                    media_type=artifact.media_type,
                    size_bytes=artifact.size_bytes,
                    pieces=partial(pieces_of, storage, artifact),
                )
                for artifact in artifacts
            ),
        )

    def _packed(self, *, asked: bool) -> Rung | None:
        """An archive that fits; None if there is none."""
        room = self._most * 3 // 4  # base64 makes four bytes of three
        if not asked and not archive.may_help(self._command.artifacts, room):
            return None
        file = self._open.enter_context(tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES))  # noqa: SIM115 - see __exit__
        try:
            archive.write_archive(self._command, self._desk.storage, file, room)
        except archive.TooLarge:
            self.refused = self.refused or sum(base64_size(one.size_bytes) for one in self._command.artifacts)
            return None
        return self._archive(file, file.tell())

    def _archive(self, file: IO[bytes], size_bytes: int) -> Rung:
        words, name = self._words, archive.archive_name(self._command)
        contained = ", ".join(filename_of(artifact) for artifact in self._command.artifacts)
        shown = ShownFile(filename=name, details=f"{words.size(size_bytes)}: {contained}")

        def pieces() -> Iterator[bytes]:
            file.seek(0)
            yield from iter(partial(file.read, _PIECE_BYTES), b"")

        return Rung(
            form="zip",
            enclosed=Enclosed(title=words.attached, files=(shown,), remarks=self._because(words.packed_because)),
            attachments=(
                Attachment(filename=name, media_type=archive.MEDIA_TYPE, size_bytes=size_bytes, pieces=pieces),
            ),
        )

    def _linked(self) -> Rung:
        command, desk, words = self._command, self._desk, self._words
        if not command.artifacts:
            return Rung(form="link", enclosed=Enclosed(title="", files=()))
        if not desk.public_url:
            raise PermanentFailure(self._unlinkable())
        end = desk.links_end_at(command, self._written_at)
        if end <= self._written_at or not all(desk.storage.has(artifact.key) for artifact in command.artifacts):
            raise PermanentFailure("The files were deleted because their time was over; there is nothing to link to.")
        moment = words.moment(end, command.timezone)
        remarks = self._because(words.linked_because, moment=moment) or (words.linked.format(moment=moment),)
        files = tuple(_shown(artifact, words, desk.file_url(command, artifact, end)) for artifact in command.artifacts)
        return Rung(
            form="link",
            enclosed=Enclosed(title=words.to_download, files=files, remarks=(*remarks, words.whoever_has_links)),
        )

    def _because(self, sentence: str, **facts: str) -> tuple[str, ...]:
        """Why the files do not come as they were to; nothing if they do."""
        if not self.refused:
            return ()
        size, limit = self._words.size(self.refused), self._words.size(self._most)
        return (sentence.format(size=size, limit=limit, **facts),)

    def _unlinkable(self) -> str:
        needs = "PRESSROOM_PUBLIC_URL must be set for the mailer, so that it can send links instead."
        if not self.refused:
            return f"The files are to be linked and not attached: {needs}"
        size, limit = words_of("en").size(self.refused), words_of("en").size(self._most)
        return f"The letter would have {size}, and at most {limit} may be sent: {needs}"


def _shown(artifact: Artifact, words: Words, url: str = "") -> ShownFile:
    rows = counted_rows(artifact.rows, words)
    details = f"{FORMAT_NAMES[artifact.format]}, {rows}, {words.size(artifact.size_bytes)}"
    return ShownFile(filename=filename_of(artifact), details=details, url=url)
