"""Who may be written to: the suppression list, and what recipients want.

Each delivery by e-mail asks once, in the transaction that begins its attempt. The list is kept in the ledger, so it is
right for all mailers that share one, from the commit on.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import RowMapping, Uuid, bindparam, literal, select, true, union_all, update
from sqlalchemy.orm import Session

from libs.common.addresses import address_key
from libs.common.delivering import BY_RECIPIENT, SuppressionCause
from libs.common.messages import RecipientPreferenceSet, RecipientSuppressed, SuppressionChanged
from libs.common.outbox import Outbox
from libs.common.store import upsert
from services.mailer.tables import preferences, suppressions

log = logging.getLogger(__name__)

ALL_SCHEDULES = UUID(int=0)
"""Stands for all schedules in the table of preferences."""

_WANTED = "wanted"

# Both questions in one statement, each a look at a primary key, built once: every letter asks.
_OBJECTIONS = union_all(
    select(
        suppressions.c.cause.label("cause"),
        suppressions.c.detail.label("detail"),
        suppressions.c.by.label("by"),
        suppressions.c.since.label("at"),
        literal(ALL_SCHEDULES, Uuid).label("schedule_id"),
        true().label("wanted"),
    ).where(suppressions.c.address == bindparam("key"), suppressions.c.released_at.is_(None)),
    select(
        literal(_WANTED),
        literal(""),
        preferences.c.by,
        preferences.c.changed_at,
        preferences.c.schedule_id,
        preferences.c.wanted,
    ).where(
        preferences.c.address == bindparam("key"),
        preferences.c.schedule_id.in_([bindparam("schedule", type_=Uuid), ALL_SCHEDULES]),
        preferences.c.wanted.is_not(None),
    ),
)


class _Said(msgspec.Struct, frozen=True):
    cause: str
    detail: str
    by: str
    at: datetime
    schedule_id: UUID
    wanted: bool


def objection(
    session: Session, address: str, schedule_id: UUID | None, *, ask_preferences: bool = True, is_test: bool = False
) -> str:
    """Why nobody may write to `address` now, in a sentence; nothing if somebody may.

    `ask_preferences` is False for letters that are no reports, such as notices to those who answer for one. A test
    (`is_test`) goes to somebody who has asked for it, whatever they said before, but never to a mailbox that does not
    take letters or to somebody who complained.
    """
    asked = {"key": address_key(address), "schedule": schedule_id or ALL_SCHEDULES}
    found = session.connection().execute(_OBJECTIONS, asked).all()
    if not found:
        return ""
    said = [_Said(*row) for row in found]
    for one in said:
        if one.cause != _WANTED and not (is_test and one.cause == "unsubscribed"):
            return _suppressed(one)
    words = [one for one in said if one.cause == _WANTED]
    if not words or is_test or not ask_preferences:
        return ""
    last = max(words, key=lambda one: one.at)
    return "" if last.wanted else _unwanted(last)


def suppress(session: Session, address: str, cause: SuppressionCause, detail: str, by: str, *, at: datetime) -> bool:
    """Put the address on the list and announce it; False if it stands there, or was released after `at`."""
    key = address_key(address)
    known = _entry(session, key)
    if known is not None and (known["released_at"] is None or known["released_at"] > at):
        return False
    values = {"address": key, "cause": cause, "detail": detail, "by": by, "since": at, "released_at": None}
    upsert(session, suppressions, values, key=["address"], update=["cause", "detail", "by", "since", "released_at"])
    event = SuppressionChanged(at=at, address=key, suppressed=True, cause=cause, detail=detail, by=by)
    Outbox(session, at).add(event)
    log.info("an address was suppressed", extra={"cause": cause, "by": by, "reason": detail})
    return True


def release(session: Session, address: str, detail: str, by: str, *, at: datetime) -> bool:
    """Take the address from the list and announce it; False if it is not there, or was put there after `at`."""
    key = address_key(address)
    known = _entry(session, key)
    if known is None or known["released_at"] is not None or known["since"] > at:
        return False
    session.execute(update(suppressions).where(suppressions.c.address == key).values(released_at=at))
    event = SuppressionChanged(at=at, address=key, suppressed=False, cause=known["cause"], detail=detail, by=by)
    Outbox(session, at).add(event)
    log.info("an address may be written to again", extra={"by": by, "reason": detail})
    return True


def released_at(session: Session, address: str) -> datetime | None:
    """When the address was last taken from the list: what it did before is forgiven."""
    known = _entry(session, address_key(address))
    last: datetime | None = known["released_at"] if known is not None else None
    return last


def on_preference_set(session: Session, event: RecipientPreferenceSet) -> None:
    """A recipient, or somebody for them, has said what they want; the last word counts."""
    key, schedule_id = address_key(event.address), event.schedule_id or ALL_SCHEDULES
    said = select(preferences.c.changed_at).where(
        preferences.c.address == key, preferences.c.schedule_id == schedule_id
    )
    last = session.execute(said).scalar_one_or_none()
    if last is not None and last > event.at:
        return
    values = {
        "address": key,
        "schedule_id": schedule_id,
        "wanted": None if event.forgotten else event.wanted,
        "by": event.by,
        "changed_at": event.at,
    }
    upsert(session, preferences, values, key=["address", "schedule_id"], update=["wanted", "by", "changed_at"])


def on_suppressed(session: Session, event: RecipientSuppressed) -> None:
    """Somebody has put an address on the list, or taken it from there, by hand."""
    if event.released:
        release(session, event.address, event.detail, event.by, at=event.at)
    else:
        suppress(session, event.address, event.cause, event.detail, event.by, at=event.at)


def _entry(session: Session, key: str) -> RowMapping | None:
    query = select(suppressions).where(suppressions.c.address == key).with_for_update()
    return session.execute(query).mappings().one_or_none()


_CAUSES: Mapping[str, str] = {
    "bounce": "letters to it come back",
    "complaint": "its reader called a letter unwanted",
    "unsubscribed": "it was unsubscribed",
    "by_hand": "{by} has said so",
}


def _suppressed(one: _Said) -> str:
    cause = _CAUSES.get(one.cause, one.cause).format(by=one.by)
    more = f" ({one.detail.rstrip('.')})" if one.detail else ""
    return f"Nobody may write to this address since {one.at:%Y-%m-%d}: {cause}{more}."


def _unwanted(one: _Said) -> str:
    what = "letters from here" if one.schedule_id == ALL_SCHEDULES else "this report"
    since = f"since {one.at:%Y-%m-%d}"
    if one.by == BY_RECIPIENT:
        return f"The recipient has unsubscribed from {what} {since}."
    return f"The recipient does not want {what} {since}, as {one.by} has said."
