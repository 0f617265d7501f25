"""What users change about themselves."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.api.audit import note
from services.api.definitions import alone, assign
from services.api.people import ADMIN, Caller
from services.api.platform import Platform
from services.api.problems import conflict, missing
from services.api.recipients import wanted_address
from services.api.schemas.people import Me, MyChanges
from services.api.tables import ScheduleRow, UserRow


def myself(session: Session, caller: Caller) -> UserRow:
    """The caller's row."""
    row = session.get(UserRow, caller.user_id)
    if row is None:
        raise missing("You are not known any more.")
    return row


def change_myself(session: Session, platform: Platform, caller: Caller, changes: MyChanges) -> UserRow:
    """Change the caller's name or address. The schedules that they answer for follow."""
    alone(session)
    row, values = myself(session, caller), dict[str, Any]()
    if changes.email is not UNSET:
        values["email"] = wanted_address(changes.email, "email") if changes.email else ""
    if changes.name is not UNSET and changes.name != row.name:
        _refuse_name(session, row, changes.name)
        values["name"] = changes.name
    former = row.name
    if changed := assign(row, values):
        note(session, caller, "changed", "user", row.id, platform.now, fields=sorted(changed))
        session.flush()
        session.execute(update(ScheduleRow).where(ScheduleRow.owner == former).values(owner=row.name))
    return row


def me_view(row: UserRow) -> Me:
    """What the caller sees."""
    return Me(id=row.id, name=row.name, email=row.email, created_at=row.created_at)


def _refuse_name(session: Session, row: UserRow, name: str) -> None:
    """The name `admin` stands for a right, so nobody takes it and nobody leaves it."""
    if row.name == ADMIN:
        raise conflict(f"The user {ADMIN} keeps this name; its token comes from the settings.")
    taken = select(UserRow.id).where(UserRow.name == name)
    if name == ADMIN or session.execute(taken).scalar_one_or_none() is not None:
        raise conflict(f"There is a user with the name {name} already; take another name.")
