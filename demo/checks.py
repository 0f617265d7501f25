"""Checks every letter of the demo and puts the files in them where they are easy to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from demo.catalogue import CatalogueTemplate
from demo.letters import Letter, read_letters
from demo.tables import from_database
from demo.verify import Content, strangers, verify
from demo.wait import Finished
from libs.common.errors import PermanentFailure


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A report whose letters are as they should be; `cells` counts the values that its queries give."""

    finished: Finished
    letters: Sequence[Letter]
    rows: int
    cells: int


def check_all(
    finished: Sequence[Finished],
    templates: Mapping[str, CatalogueTemplate],
    flights: Path,
    mail: Path,
    files: Path,
) -> list[Checked]:
    """Compare every letter with the record and the database; a PermanentFailure names the first thing that is wrong."""
    letters = read_letters(mail)
    checked = [_check(one, templates[one.commission.template], flights, letters, files) for one in finished]
    known = [delivery for one in finished for delivery in one.report.deliveries]
    if unexplained := strangers(letters, known):
        raise PermanentFailure(f"A letter came that the record does not explain: {unexplained[0]}.")
    return checked


def _check(
    one: Finished, template: CatalogueTemplate, flights: Path, letters: Sequence[Letter], files: Path
) -> Checked:
    tables = {name: from_database(flights, sql, one.commission.values) for name, sql in template.queries.items()}
    _check_record(one)
    content = Content(tables=tables, is_drawn=bool(template.widgets))
    found = verify(one.report.deliveries, one.report.artifacts, content, letters)
    _keep(found[0], files)
    rows = sum(len(table.rows) for table in tables.values())
    return Checked(finished=one, letters=found, rows=rows, cells=sum(table.cells for table in tables.values()))


def _check_record(one: Finished) -> None:
    addressees = sorted(delivery.address for delivery in one.report.deliveries)
    if addressees != sorted(reader.address for reader in one.commission.readers):
        raise PermanentFailure(f"The record of “{one.title}” has other readers: {', '.join(addressees) or 'none'}.")
    formats = {artifact.format for artifact in one.report.artifacts}
    if formats != set(one.commission.formats):
        raise PermanentFailure(f"The record of “{one.title}” has other files: {', '.join(sorted(formats)) or 'none'}.")


def _keep(letter: Letter, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    for attachment in letter.attachments:
        (folder / Path(attachment.filename).name).write_bytes(attachment.content)
