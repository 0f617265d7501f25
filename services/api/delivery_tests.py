"""Tests of mail servers and destinations: asked of a mailer, which is where they must be reachable from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Literal
from uuid import UUID, uuid4

from sqlalchemy import delete
from sqlalchemy.orm import Session

from libs.common.messages import Command
from libs.common.outbox import Outbox
from services.api.audit import note
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import missing
from services.api.tables import DeliveryTestRow, DestinationRow, ProfileRow
from services.api.waiting import wait_for

KEEP = timedelta(days=30)

Kind = Literal["profile", "destination"]


def request_delivery_test(
    session: Session,
    platform: Platform,
    caller: Caller,
    subject: ProfileRow | DestinationRow,
    command: Callable[[UUID], Command],
) -> UUID:
    """Send the `command` that asks for a test of `subject`; the id of the test."""
    now, test_id = platform.now, uuid4()
    kind: Kind = "profile" if isinstance(subject, ProfileRow) else "destination"
    session.execute(delete(DeliveryTestRow).where(DeliveryTestRow.requested_at < now - KEEP))
    session.add(
        DeliveryTestRow(
            id=test_id,
            kind=kind,
            subject_id=subject.id,
            subject_name=subject.name,
            requested_by=caller.name,
            requested_at=now,
            sentences=[],
        )
    )
    note(session, caller, "requested", kind, subject.id, now, test=str(test_id))
    Outbox(session, now).add(command(test_id))
    return test_id


def await_delivery_test(platform: Platform, test_id: UUID) -> DeliveryTestRow | None:
    """The test, once a mailer has answered; None if none does within the time that the settings give."""

    def look() -> DeliveryTestRow | None:
        with platform.records.read() as session:
            row = session.get(DeliveryTestRow, test_id)
            return row if row is not None and row.ok is not None else None

    return wait_for(look, platform.settings.delivery_test_seconds)


def find_delivery_test(session: Session, kind: Kind, test_id: UUID) -> DeliveryTestRow:
    """A test of a profile or destination; Refused (404) if there is none."""
    row = session.get(DeliveryTestRow, test_id)
    if row is None or row.kind != kind:
        raise missing(f"There is no test {test_id} of a {kind}; tests are kept for {KEEP.days} days.")
    return row
