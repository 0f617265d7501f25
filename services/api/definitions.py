"""What sources, templates and schedules have in common."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET
from sqlalchemy import func, select
from sqlalchemy.orm import Session

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
