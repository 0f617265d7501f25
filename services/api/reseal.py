"""Seals every secret of the records with the first key again, so that an older key can be thrown away.

Schedules whose orders hold secrets are announced anew by the api that runs, so that the timetable follows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.sealing import Sealer
from libs.common.store import Store
from services.api.definitions import alone
from services.api.tables import DeadLetterRow, DestinationRow, ProfileRow, ScheduleRow, SourceRow, TemplateRow

_PREFIX = "sealed_"


class Resealed(NamedTuple):
    """How much was done."""

    secrets: int
    schedules: int


def reseal(records: Store, sealer: Sealer) -> Resealed:
    """Do all in one transaction, or nothing: a SettingsError names the first thing whose key is missing."""
    with records.begin() as session:
        alone(session)
        secrets = sum(_reseal_row(row, columns, sealer) for row, columns in _rows(session))
        secrets += sum(_reseal_letter(row, sealer) for row in _open_letters(session))
        changed = session.execute(
            update(ScheduleRow)
            .where(ScheduleRow.active.is_(True))
            .values(version=ScheduleRow.version + 1, snapshot_asked=True)
        )
    return Resealed(secrets, int(getattr(changed, "rowcount", 0)))


def _rows(session: Session) -> Iterator[tuple[Any, tuple[str, ...]]]:
    columns: tuple[tuple[type[Any], tuple[str, ...]], ...] = (
        (SourceRow, ("sealed_url",)),
        (ProfileRow, ("sealed_url",)),
        (DestinationRow, ("sealed_url", "sealed_secret")),
        (TemplateRow, ("packing", "drop")),
    )
    for cls, names in columns:
        for row in session.execute(select(cls).order_by(cls.id)).unique().scalars():
            yield row, names


def _open_letters(session: Session) -> Iterator[DeadLetterRow]:
    """Those that may be replayed."""
    query = select(DeadLetterRow).where(DeadLetterRow.state == "open", DeadLetterRow.payload.is_not(None))
    yield from session.execute(query).scalars()


def _reseal_row(row: Any, columns: tuple[str, ...], sealer: Sealer) -> int:
    try:
        new, count = _resealed({name: getattr(row, name) for name in columns}, sealer)
    except PermanentFailure as failure:
        who = getattr(row, "name", "") or getattr(row, "slug", "")
        raise SettingsError(f"The secrets of {row.__tablename__} {who} cannot be opened: {failure}") from failure
    for name, value in new.items():
        setattr(row, name, value)
    return count


def _reseal_letter(row: DeadLetterRow, sealer: Sealer) -> int:
    try:
        body, found = _resealed(msgspec.json.decode(row.body), sealer)
        row.payload, _ = _resealed(row.payload, sealer)
    except (PermanentFailure, msgspec.DecodeError):
        return 0  # whoever replays it has to do so afresh
    row.body = msgspec.json.encode(body)
    return found


def _resealed(part: Any, sealer: Sealer) -> tuple[Any, int]:
    """`part`, a piece of JSON, with every sealed text sealed again, and how many there were."""
    if isinstance(part, dict):
        new, count = {}, 0
        for name, value in part.items():
            if name.startswith(_PREFIX) and isinstance(value, str) and value:
                new[name], found = sealer.reseal(value), 1
            else:
                new[name], found = _resealed(value, sealer)
            count += found
        return new, count
    if isinstance(part, list):
        pairs = [_resealed(one, sealer) for one in part]
        return [one for one, _ in pairs], sum(found for _, found in pairs)
    return part, 0
