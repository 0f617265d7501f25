"""Checks, as a reader could, that the right letters came and that the files in them tell what the database does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from demo.letters import Attachment, Letter
from demo.tables import Table, difference, from_csv, from_xlsx
from libs.client.answers import Artifact, Delivery
from libs.common.errors import PermanentFailure


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """What the database tells, by the name of the query. `is_drawn`: people's files show widgets instead of tables."""

    tables: Mapping[str, Table]
    is_drawn: bool = False

    def of(self, filename: str) -> Table:
        """The table that a file must hold: its name has the query's, if there are several."""
        if len(self.tables) == 1:
            return next(iter(self.tables.values()))
        found = [table for name, table in self.tables.items() if f"-{name.lower().replace(' ', '-')}-" in filename]
        if len(found) != 1:
            raise PermanentFailure(f"The file {filename} is of none of the queries {', '.join(self.tables)}.")
        return found[0]


def verify(
    deliveries: Sequence[Delivery], files: Sequence[Artifact], expected: Content, letters: Sequence[Letter]
) -> list[Letter]:
    """The letter of each delivery, compared with the record of its files and with what they must tell.

    A PermanentFailure names the first thing that is wrong.
    """
    found = [the_only_letter(delivery, letters) for delivery in deliveries]
    for letter in found:
        _check_attachments(letter, files)
        for attachment in letter.attachments:
            _check_content(letter, attachment, expected)
    return found


def the_only_letter(delivery: Delivery, letters: Sequence[Letter]) -> Letter:
    """The letter of a delivery; a PermanentFailure if it is not there exactly once."""
    found = [letter for letter in letters if letter.stands_for(delivery.id)]
    if len(found) != 1:
        raise PermanentFailure(f"The letter to {delivery.address} came {len(found)} times instead of once.")
    if found[0].recipients != (delivery.address,):
        raise PermanentFailure(
            f"The letter to {delivery.address} went to {', '.join(found[0].recipients)}: {found[0].path}."
        )
    return found[0]


def strangers(letters: Sequence[Letter], known: Sequence[Delivery]) -> list[Path]:
    """Letters that no delivery of the record explains."""
    return [letter.path for letter in letters if not any(letter.stands_for(delivery.id) for delivery in known)]


def _check_attachments(letter: Letter, files: Sequence[Artifact]) -> None:
    came = {attachment.filename: attachment.sha256 for attachment in letter.attachments}
    recorded = {file.filename: file.sha256 for file in files}
    if len(letter.attachments) != len(files) or came != recorded:
        raise PermanentFailure(
            f"The files in {letter.path} are not those of the record: {came} came, {recorded} are recorded."
        )


def _check_content(letter: Letter, attachment: Attachment, expected: Content) -> None:
    name = f"{attachment.filename} in {letter.path}"
    kind = Path(attachment.filename).suffix
    if kind == ".pdf":
        if not (attachment.content.startswith(b"%PDF-") and attachment.content.rstrip().endswith(b"%%EOF")):
            raise PermanentFailure(f"{name} is no whole PDF.")
        return
    if kind == ".html" or (kind == ".xlsx" and expected.is_drawn):
        return
    table = expected.of(attachment.filename)
    found = from_xlsx(attachment.content) if kind == ".xlsx" else from_csv(attachment.content, like=table)
    if (sentence := difference(found, table)) is not None:
        raise PermanentFailure(f"{name} does not tell what the database does: {sentence}.")
