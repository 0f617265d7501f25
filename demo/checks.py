"""Checks every letter of the demo and puts the files in them where they are easy to find."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from demo.catalogue import CatalogueTemplate
from demo.letters import Letter, read_letters
from demo.tables import from_database
from demo.verify import strangers, the_only_letter, verify
from demo.wait import Finished
from libs.common.errors import PermanentFailure


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Letters that are as they should be; `letters` has them by address, `cells` counts the values compared."""

    finished: Finished
    letters: Mapping[str, Letter]
    files: Sequence[Path]
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
    checked = [_check(one, templates[one.commission.template].sql, flights, letters, files) for one in finished]
    known = [delivery for one in finished for delivery in one.report.deliveries]
    if unexplained := strangers(letters, known):
        raise PermanentFailure(f"A letter came that the record does not explain: {unexplained[0]}.")
    return checked


def _check(one: Finished, sql: str, flights: Path, letters: Sequence[Letter], files: Path) -> Checked:
    expected = from_database(flights, sql, one.commission.values)
    deliveries, artifacts = one.report.deliveries, one.report.artifacts
    addressees = sorted(delivery.address for delivery in deliveries)
    if addressees != sorted(reader.address for reader in one.commission.readers):
        raise PermanentFailure(f"The record of “{one.title}” names other readers: {', '.join(addressees)}.")
    verify(deliveries, artifacts, expected, letters)
    by_address = {delivery.address: the_only_letter(delivery, letters) for delivery in deliveries}
    return Checked(
        finished=one,
        letters=by_address,
        files=_keep(next(iter(by_address.values())), files),
        rows=len(expected.rows),
        cells=expected.cells,
    )


def _keep(letter: Letter, folder: Path) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = []
    for attachment in letter.attachments:
        path = folder / Path(attachment.filename).name
        path.write_bytes(attachment.content)
        paths.append(path)
    return paths
