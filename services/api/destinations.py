"""Destinations: webhooks, chats, folders. The schedules that name one follow its changes at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast
from uuid import UUID

from msgspec import UNSET
from sqlalchemy import Text, or_, select
from sqlalchemy import cast as sql_cast
from sqlalchemy.orm import Session

from libs.common.delivering import DestinationKind
from libs.common.destinations import read_place, secret_complaint
from libs.common.messages import TestDestination
from libs.common.networks import Networks
from services.api.announcements import announce_anew
from services.api.audit import note
from services.api.definitions import alone, assign, by_id_or_name, is_taken, set_fields
from services.api.delivery_tests import request_delivery_test
from services.api.letters import destination_value
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import Findings, conflict, missing
from services.api.schemas.destinations import DestinationChanges, NewDestination
from services.api.tables import DestinationRow, ScheduleRow
from services.api.words import few


def create_destination(
    session: Session, platform: Platform, caller: Caller, destination_id: UUID, new: NewDestination
) -> None:
    """Keep a new destination."""
    alone(session)
    _refuse_taken_name(session, new.name, destination_id)
    now = platform.now
    session.add(
        DestinationRow(
            id=destination_id,
            name=new.name,
            kind=new.kind,
            attach=new.attach,
            created_at=now,
            updated_at=now,
            **_sealed(platform, new.kind, {"url": new.url, "secret": new.secret}),
        )
    )
    note(session, caller, "created", "destination", destination_id, now, name=new.name)
    session.flush()


def change_destination(
    session: Session, platform: Platform, caller: Caller, key: str, changes: DestinationChanges
) -> DestinationRow:
    """Change a destination, and let the timetable know of it for every schedule that names it."""
    alone(session)
    row, former = find_destination(session, key), ""
    if changes.name is not UNSET and changes.name != row.name:
        _refuse_taken_name(session, changes.name, row.id)
        former = row.name
    if changed := assign(row, _columns(platform, row, set_fields(changes))):
        row.updated_at = platform.now
        note(session, caller, "changed", "destination", row.id, platform.now, fields=_public(changed))
        session.flush()
        _let_follow(session, platform, row, former or row.name)
    return row


def delete_destination(session: Session, platform: Platform, caller: Caller, key: str) -> None:
    """Delete a destination that no schedule names."""
    alone(session)
    row = find_destination(session, key)
    if users := [one.name for one in _users(session, row.name)]:
        raise conflict(
            f"The destination {row.name} is in use by {few('schedule', users)}; change or delete that first."
        )
    session.delete(row)
    note(session, caller, "deleted", "destination", row.id, platform.now, name=row.name)


def find_destination(session: Session, key: str) -> DestinationRow:
    """The destination with this id or name; Refused (404) if there is none."""
    row: DestinationRow | None = by_id_or_name(session, DestinationRow, key)
    if row is None:
        raise missing(f"There is no destination {key}.")
    return row


def request_destination_test(session: Session, platform: Platform, caller: Caller, key: str) -> UUID:
    """Have a mailer send a few words there; the id of the test."""
    row, now = find_destination(session, key), platform.now
    return request_delivery_test(
        session,
        platform,
        caller,
        row,
        lambda test_id: TestDestination(test_id=test_id, destination=destination_value(row), requested_at=now),
    )


def _sealed(platform: Platform, kind: str, given: dict[str, str]) -> dict[str, str]:
    """The columns that a URL and a secret make; Refused, without quoting them, if one is not as it should be."""
    which = cast("DestinationKind", kind)
    values: dict[str, str] = {}
    with Findings() as wrong:
        if (url := given.get("url")) is not None:
            try:
                place = read_place(which, url, Networks(platform.settings.mailer_allowed_networks))
                values |= {"sealed_url": platform.sealer.seal(url), "shown": place.shown}
            except ValueError as error:
                wrong.add("url", f"url {error}.")
        if (secret := given.get("secret")) is not None:
            if complaint := secret_complaint(which, secret):
                wrong.add("secret", f"secret {complaint}.")
            values["sealed_secret"] = platform.sealer.seal(secret) if secret else ""
    return values


def _columns(platform: Platform, row: DestinationRow, given: dict[str, Any]) -> dict[str, Any]:
    """The columns that a change gives; what is said again is no change, though sealed again it would look like one."""
    present = {"url": row.sealed_url, "secret": row.sealed_secret}
    said = {name: given.pop(name) for name in present if name in given}
    new = {name: text for name, text in said.items() if text != _opened(platform, present[name])}
    return {**given, **_sealed(platform, row.kind, new)}


def _opened(platform: Platform, sealed: str) -> str | None:
    """What was sealed, of a secret that may be left out."""
    return platform.sealer.open_or_none(sealed) if sealed else ""


def _public(columns: Sequence[str]) -> list[str]:
    names = {"sealed_url": "url", "shown": "url", "sealed_secret": "secret"}
    return sorted({names.get(name, name) for name in columns})


def _refuse_taken_name(session: Session, name: str, destination_id: UUID) -> None:
    if is_taken(session, DestinationRow.name, name, destination_id):
        raise conflict(f"There is a destination with the name {name} already; take another or change that destination.")


def _let_follow(session: Session, platform: Platform, row: DestinationRow, former: str) -> None:
    for schedule in _users(session, former):
        if _gets_reports(schedule, former):
            names = [row.name if name == former else name for name in schedule.letters["destinations"]]
            schedule.letters = {**schedule.letters, "destinations": names}
        if schedule.notify.get("destination") == former:
            schedule.notify = {**schedule.notify, "destination": row.name}
        session.flush()
        # A paused schedule is announced when it is resumed; of notices the timetable knows nothing.
        if schedule.active and _gets_reports(schedule, row.name):
            session.refresh(schedule)
            announce_anew(session, schedule, platform.now)


def _users(session: Session, name: str) -> list[ScheduleRow]:
    """The schedules that name it, by name."""
    said = json.dumps(name)  # as the columns hold it
    columns = (sql_cast(ScheduleRow.letters, Text), sql_cast(ScheduleRow.notify, Text))
    query = select(ScheduleRow).where(or_(*(column.contains(said, autoescape=True) for column in columns)))
    found = session.execute(query.order_by(ScheduleRow.name, ScheduleRow.id)).scalars().all()
    return [row for row in found if _gets_reports(row, name) or row.notify.get("destination") == name]


def _gets_reports(schedule: ScheduleRow, name: str) -> bool:
    return name in schedule.letters.get("destinations", ())
