"""Sources: created, changed, deleted. Their URLs are sealed before they are kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from libs.common.errors import PermanentFailure
from services.api.announcements import announce_schedules
from services.api.audit import note
from services.api.definitions import alone, as_uuid, assign, set_fields
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import conflict, gone, missing
from services.api.schemas.sources import NewSource, SourceChanges
from services.api.source_url import read_url
from services.api.tables import SourceRow, TemplateRow


def create_source(session: Session, platform: Platform, caller: Caller, source_id: UUID, new: NewSource) -> None:
    """Keep a new source."""
    alone(session)
    _refuse_taken_name(session, new.name, source_id)
    now = platform.now
    session.add(
        SourceRow(
            id=source_id,
            name=new.name,
            statement_timeout_seconds=new.statement_timeout_seconds,
            max_rows=new.max_rows,
            concurrency=new.concurrency,
            created_at=now,
            updated_at=now,
            **_database(platform, new.url),
        )
    )
    note(session, caller, "created", "source", source_id, now, name=new.name)
    session.flush()


def created_source(session: Session, source_id: UUID) -> SourceRow:
    """What a request with an Idempotency-Key has created, now or before; Refused (410) if it was deleted since."""
    row = session.get(SourceRow, source_id)
    if row is None:
        raise gone("What this Idempotency-Key created has been deleted since; take a new key to create it again.")
    return row


def change_source(session: Session, platform: Platform, caller: Caller, key: str, changes: SourceChanges) -> SourceRow:
    """Change a source, and let the timetable know of it for every schedule that reads from it."""
    alone(session)
    row = find_source(session, key)
    values = set_fields(changes)
    if changes.name is not UNSET:
        _refuse_taken_name(session, changes.name, row.id)
    if (url := values.pop("url", None)) is not None and url != _opened(platform, row):
        values.update(_database(platform, url))
    if changed := assign(row, values):
        row.updated_at = platform.now
        note(session, caller, "changed", "source", row.id, platform.now, fields=_public(changed))
        announce_schedules(session, platform, TemplateRow.source_id == row.id)
    return row


def delete_source(session: Session, platform: Platform, caller: Caller, key: str) -> None:
    """Delete a source that no template uses."""
    alone(session)
    row = find_source(session, key)
    users = (
        session.execute(select(TemplateRow.slug).where(TemplateRow.source_id == row.id).order_by(TemplateRow.slug))
        .scalars()
        .all()
    )
    if users:
        raise conflict(f"The source {row.name} is in use by {_some(users)}; change or delete that first.")
    session.delete(row)
    note(session, caller, "deleted", "source", row.id, platform.now, name=row.name)


def find_source(session: Session, key: str) -> SourceRow:
    """The source with this id or name; Refused (404) if there is none."""
    row = source_or_none(session, key)
    if row is None:
        raise missing(f"There is no source {key}.")
    return row


def source_or_none(session: Session, key: str) -> SourceRow | None:
    """The source with this id or name."""
    query = select(SourceRow).where(or_(SourceRow.id == as_uuid(key), SourceRow.name == key))
    found = session.execute(query).scalars().all()
    return next((row for row in found if row.id == as_uuid(key)), found[0] if found else None)


def _database(platform: Platform, url: str) -> dict[str, Any]:
    database = read_url(url)
    return {
        "kind": database.kind,
        "host": database.host,
        "port": database.port,
        "database": database.database,
        "sealed_url": platform.sealer.seal(url),
    }


def _opened(platform: Platform, row: SourceRow) -> str | None:
    """The present URL, or None if it was sealed with a key that is lost: entering it again is the cure."""
    try:
        return platform.sealer.open(row.sealed_url)
    except PermanentFailure:
        return None


def _public(columns: list[str]) -> list[str]:
    return sorted({"url" if name in ("kind", "host", "port", "database", "sealed_url") else name for name in columns})


def _refuse_taken_name(session: Session, name: str, source_id: UUID) -> None:
    query = select(func.count()).select_from(SourceRow).where(SourceRow.name == name, SourceRow.id != source_id)
    if session.execute(query).scalar_one():
        raise conflict(f"There is a source with the name {name} already; take another name or change that source.")


def _some(slugs: list[str] | Any) -> str:
    shown = ", ".join(slugs[:3])
    more = f" and {len(slugs) - 3} more" if len(slugs) > 3 else ""
    return f"{'the template' if len(slugs) == 1 else 'the templates'} {shown}{more}"
