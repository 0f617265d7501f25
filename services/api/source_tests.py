"""Tests of sources: asked of a generator, which is where the database must be reachable from."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from libs.common.messages import TestSource
from libs.common.outbox import Outbox
from services.api.audit import note
from services.api.orders import source_of
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import missing
from services.api.sources import find_source
from services.api.tables import SourceTestRow
from services.api.waiting import wait_for

KEEP = timedelta(days=30)


def request_test(session: Session, platform: Platform, caller: Caller, key: str) -> UUID:
    """Ask for a test of the source with this id or name; its id."""
    row, now, test_id = find_source(session, key), platform.now, uuid4()
    session.execute(delete(SourceTestRow).where(SourceTestRow.requested_at < now - KEEP))
    session.add(
        SourceTestRow(
            id=test_id,
            source_id=row.id,
            source_name=row.name,
            requested_by=caller.name,
            requested_at=now,
            sentences=[],
        )
    )
    note(session, caller, "requested", "source", row.id, now, test=str(test_id))
    Outbox(session, now).add(TestSource(test_id=test_id, source=source_of(row), requested_at=now))
    return test_id


def await_test(platform: Platform, test_id: UUID) -> SourceTestRow | None:
    """The test, once a generator has answered; None if none does within the time that the settings give."""

    def look() -> SourceTestRow | None:
        with platform.records.read() as session:
            row = session.get(SourceTestRow, test_id)
            return row if row is not None and row.ok is not None else None

    return wait_for(look, platform.settings.source_test_seconds)


def find_test(session: Session, key: str, test_id: UUID) -> SourceTestRow:
    """A test of the source with this id or name; Refused (404) if there is none."""
    source, row = find_source(session, key), session.get(SourceTestRow, test_id)
    if row is None or row.source_id != source.id:
        raise missing(f"There is no test {test_id} of the source {source.name}; tests are kept for {KEEP.days} days.")
    return row
