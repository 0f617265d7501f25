"""What sources, templates, calendars, profiles, destinations and schedules have in common."""

from __future__ import annotations

from typing import Any, TypeVar
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.api.problems import gone
from services.api.tables.base import Base

R = TypeVar("R", bound=Base)

_LOCK = 0x5052_4546  # "PREF"


def alone(session: Session) -> None:
    """Nobody else changes a definition until this transaction ends.

    A schedule is announced with a snapshot of its template and source. If those changed beside us, the timetable
    could keep the older one. Definitions change rarely, so one lock for all is enough; on SQLite a writing
    transaction is alone anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def as_uuid(text: str) -> UUID | None:
    """The id that `text` is, or None if it is a name."""
    try:
        return UUID(text)
    except ValueError:
        return None


def created(session: Session, table: type[R], row_id: UUID) -> R:
    """What a request with an Idempotency-Key has created, now or before; Refused (410) if it was deleted since."""
    row = session.get(table, row_id)
    if row is None:
        raise gone("What this Idempotency-Key created has been deleted since; take a new key to create it again.")
    return row


def by_id_or_name(session: Session, table: Any, key: str) -> Any:
    """The row of `table` with this id, or else with this name; None if there is none."""
    row_id = as_uuid(key)
    found = session.execute(select(table).where(or_(table.id == row_id, table.name == key))).scalars().all()
    return next((row for row in found if row.id == row_id), found[0] if found else None)


def is_taken(session: Session, column: InstrumentedAttribute[str], value: str, row_id: UUID) -> bool:
    """Whether another row than this one has `value` in a column in which it must be alone."""
    table = column.class_
    query = select(func.count()).select_from(table).where(column == value, table.id != row_id)
    return bool(session.execute(query).scalar_one())


def set_fields(changes: msgspec.Struct) -> dict[str, Any]:
    """The fields that a PATCH gives."""
    return {name: value for name, value in msgspec.structs.asdict(changes).items() if value is not UNSET}


def as_json(part: object) -> Any:
    """A part of an order as a JSON column keeps it."""
    return msgspec.json.decode(msgspec.json.encode(part))


def assign(row: Any, values: dict[str, Any]) -> list[str]:
    """Write `values` into `row`; the names of the columns that are different now."""
    changed = [name for name, value in values.items() if getattr(row, name) != value]
    for name in changed:
        setattr(row, name, values[name])
    return changed
