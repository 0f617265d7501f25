"""Sources: created, changed, deleted. Their URLs are sealed before they are kept."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import select
from sqlalchemy.orm import Session

from services.api.announcements import announce_schedules
from services.api.audit import note
from services.api.definitions import alone, assign, by_id_or_name, is_taken, set_fields
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import conflict, missing
from services.api.schemas.sources import NewSource, SourceChanges
from services.api.source_url import read_url
from services.api.tables import SourceRow, TemplateRow
from services.api.words import few


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


def change_source(session: Session, platform: Platform, caller: Caller, key: str, changes: SourceChanges) -> SourceRow:
    """Change a source, and let the timetable know of it for every schedule that reads from it."""
    alone(session)
    row = find_source(session, key)
    values = set_fields(changes)
    if changes.name is not UNSET:
        _refuse_taken_name(session, changes.name, row.id)
    if (url := values.pop("url", None)) is not None and url != platform.sealer.open_or_none(row.sealed_url):
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
        raise conflict(f"The source {row.name} is in use by {few('template', users)}; change or delete that first.")
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
    row: SourceRow | None = by_id_or_name(session, SourceRow, key)
    return row


def _database(platform: Platform, url: str) -> dict[str, Any]:
    database = read_url(url)
    return {
        "kind": database.kind,
        "host": database.host,
        "port": database.port,
        "database": database.database,
        "sealed_url": platform.sealer.seal(url),
    }


def _public(columns: list[str]) -> list[str]:
    return sorted({"url" if name in ("kind", "host", "port", "database", "sealed_url") else name for name in columns})


def _refuse_taken_name(session: Session, name: str, source_id: UUID) -> None:
    if is_taken(session, SourceRow.name, name, source_id):
        raise conflict(f"There is a source with the name {name} already; take another name or change that source.")
