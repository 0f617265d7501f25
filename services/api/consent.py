"""What recipients want, and who cannot be written to.

The mailer owns the list of suppressed addresses and obeys it; here is what it has told, and what was asked of it.
Preferences are said here, by people over the api or by recipients over a link, and announced to the mailer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import get_args
from uuid import UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from libs.common.addresses import address_key
from libs.common.delivering import SuppressionCause
from libs.common.ids import NAMESPACE
from libs.common.messages import RecipientPreferenceSet, RecipientSuppressed
from libs.common.outbox import Outbox
from libs.common.store import upsert
from services.api.tables import AuditRow, DeliveryRow, PreferenceRow, ScheduleRow, SuppressionRow, table_of

ALL_SCHEDULES = UUID(int=0)
"""Stands for all schedules in the table of preferences."""

LATEST_DELIVERIES = 20

_TICK = timedelta(microseconds=1)


def recipient_id(address: str) -> UUID:
    """A recipient in the audit and in the list of suppressed addresses."""
    return uuid5(NAMESPACE, f"recipient:{address_key(address)}")


# Preferences ------------------------------------------------------------------------------------------------


def preferences_of(session: Session, address: str) -> Sequence[PreferenceRow]:
    """What is known of the wishes of a recipient, what was said last first."""
    query = select(PreferenceRow).where(PreferenceRow.address == address_key(address))
    return session.execute(query.order_by(PreferenceRow.changed_at.desc())).scalars().all()


def wants(preferences: Iterable[PreferenceRow], schedule_id: UUID | None) -> bool:
    """True if a recipient with these preferences wants the letters of a schedule (None: of any); the last word counts.

    Who has said nothing wants what they get.
    """
    asked = (schedule_id or ALL_SCHEDULES, ALL_SCHEDULES)
    said = [one for one in preferences if one.schedule_id in asked]
    return max(said, key=lambda one: one.changed_at).wanted if said else True


def set_preference(
    session: Session,
    address: str,
    schedule_id: UUID | None,
    *,
    wanted: bool,
    by: str,
    now: datetime,
    user_id: UUID | None = None,
) -> None:
    """Keep what a recipient wants and announce it; saying it again changes nothing."""
    known, key = preferences_of(session, address), address_key(address)
    if wants(known, schedule_id) is wanted and _said(known, schedule_id, wanted):
        return
    # The last word counts, so it must be later than any before it, whatever the clock says.
    at = max(now, *(one.changed_at + _TICK for one in known)) if known else now
    values = {
        "address": key,
        "schedule_id": schedule_id or ALL_SCHEDULES,
        "wanted": wanted,
        "said_by": by,
        "changed_at": at,
    }
    changed = ["wanted", "said_by", "changed_at"]
    upsert(session, table_of(PreferenceRow), values, key=["address", "schedule_id"], update=changed)
    event = RecipientPreferenceSet(at=at, address=key, wanted=wanted, schedule_id=schedule_id, by=by)
    Outbox(session, now).add(event)
    _note(session, "changed", "recipient", key, by, user_id, now, schedule_id=schedule_id, wanted=wanted)


def forget_preference(
    session: Session, address: str, schedule_id: UUID | None, *, by: str, now: datetime, user_id: UUID | None
) -> bool:
    """Take back what was said about a schedule (None: about all of them); False if nothing was."""
    key = address_key(address)
    known = session.get(PreferenceRow, (key, schedule_id or ALL_SCHEDULES))
    if known is None:
        return False
    at = max(now, known.changed_at + _TICK)
    session.delete(known)
    event = RecipientPreferenceSet(at=at, address=key, wanted=True, schedule_id=schedule_id, by=by, forgotten=True)
    Outbox(session, now).add(event)
    _note(session, "deleted", "recipient", key, by, user_id, now, schedule_id=schedule_id)
    return True


def _said(known: Iterable[PreferenceRow], schedule_id: UUID | None, wanted: bool) -> bool:
    """True if this very thing was said; for all schedules, only if nobody said otherwise of one since."""
    about = schedule_id or ALL_SCHEDULES
    if about == ALL_SCHEDULES and any(one.wanted is not wanted for one in known):
        return False
    return any(one.schedule_id == about and one.wanted is wanted for one in known)


# Suppressed addresses ---------------------------------------------------------------------------------------


def suppression_of(session: Session, address: str) -> SuppressionRow | None:
    """The entry of the list for an address, if it stands there."""
    row = session.get(SuppressionRow, recipient_id(address))
    return row if row is not None and row.suppressed else None


def suppress(
    session: Session,
    address: str,
    cause: SuppressionCause,
    reason: str,
    *,
    by: str,
    now: datetime,
    user_id: UUID | None,
) -> SuppressionRow:
    """Put an address on the list and tell the mailer; one that stands there already stays as it is."""
    known = session.get(SuppressionRow, recipient_id(address))
    if known is not None and known.suppressed:
        return known
    key = address_key(address)
    at = now if known is None else max(now, known.changed_at + _TICK)
    keep_suppression(session, key, suppressed=True, cause=cause, detail=reason, by=by, at=at)
    Outbox(session, now).add(RecipientSuppressed(at=at, address=key, cause=cause, detail=reason, by=by))
    _note(session, "created", "suppression", key, by, user_id, now, cause=cause, reason=reason)
    session.expire_all()
    row = suppression_of(session, key)
    assert row is not None
    return row


def release(session: Session, address: str, reason: str, *, by: str, now: datetime, user_id: UUID | None) -> bool:
    """Take an address from the list and tell the mailer; False if it does not stand there."""
    row = suppression_of(session, address)
    if row is None:
        return False
    at = max(now, row.changed_at + _TICK)
    event = RecipientSuppressed(
        at=at, address=row.address, cause=_cause(row.cause), detail=reason, by=by, released=True
    )
    Outbox(session, now).add(event)
    _note(session, "deleted", "suppression", row.address, by, user_id, now, cause=row.cause, reason=reason)
    row.suppressed, row.detail, row.said_by, row.changed_at = False, reason, by, at
    return True


def keep_suppression(
    session: Session, address: str, *, suppressed: bool, cause: str, detail: str, by: str, at: datetime
) -> None:
    """Keep how an address stands, unless something later is known."""
    key = address_key(address)
    said = select(SuppressionRow.changed_at).where(SuppressionRow.address == key).with_for_update()
    last = session.execute(said).scalar_one_or_none()
    if last is not None and last > at:
        return
    values = {
        "id": recipient_id(key),
        "address": key,
        "suppressed": suppressed,
        "cause": cause,
        "detail": detail,
        "said_by": by,
        "changed_at": at,
    }
    changed = ["suppressed", "cause", "detail", "said_by", "changed_at"]
    upsert(session, table_of(SuppressionRow), values, key=["address"], update=changed)


# Questions --------------------------------------------------------------------------------------------------


def objections(session: Session, addresses: Iterable[str], schedule_id: UUID | None) -> Mapping[str, str]:
    """Of `addresses` those that would not get a letter of the schedule, each with `suppressed` or `unsubscribed`.

    It is what the api knows; the mailer decides when it sends.
    """
    keys = {address_key(address): address for address in addresses}
    found: dict[str, str] = {}
    wished: dict[str, list[PreferenceRow]] = {}
    for some in _portions(list(keys)):
        rows = session.execute(select(PreferenceRow).where(PreferenceRow.address.in_(some))).scalars()
        for row in rows:
            wished.setdefault(row.address, []).append(row)
        listed = select(SuppressionRow.address).where(
            SuppressionRow.address.in_(some), SuppressionRow.suppressed.is_(True)
        )
        found.update({keys[key]: "suppressed" for key in session.execute(listed).scalars()})
    for key, rows_of_one in wished.items():
        if not wants(rows_of_one, schedule_id):
            found.setdefault(keys[key], "unsubscribed")
    return found


def last_deliveries(session: Session, address: str) -> Sequence[DeliveryRow]:
    """The latest deliveries to an address, however it was written."""
    ways = {address.strip().lower(), address_key(address)}
    query = select(DeliveryRow).options(selectinload(DeliveryRow.attempts)).where(DeliveryRow.address.in_(ways))
    latest = query.order_by(DeliveryRow.created_at.desc(), DeliveryRow.id.desc()).limit(LATEST_DELIVERIES)
    return session.execute(latest).scalars().all()


def schedule_names(session: Session, preferences: Iterable[PreferenceRow]) -> Mapping[UUID, str]:
    """What the schedules are called that still exist."""
    ids = [one.schedule_id for one in preferences]
    query = select(ScheduleRow.id, ScheduleRow.name).where(ScheduleRow.id.in_(ids))
    return {found.id: found.name for found in session.execute(query)}


_PORTION = 500


def _portions(keys: Sequence[str]) -> Iterable[Sequence[str]]:
    return (keys[start : start + _PORTION] for start in range(0, len(keys), _PORTION))


def _cause(text: str) -> SuppressionCause:
    causes: tuple[SuppressionCause, ...] = get_args(SuppressionCause)
    return next((one for one in causes if one == text), "by_hand")


def _note(
    session: Session,
    act: str,
    kind: str,
    address: str,
    by: str,
    user_id: UUID | None,
    now: datetime,
    **facts: object,
) -> None:
    """Recipients are no users, so `services/api/audit.py` does not know them."""
    told = {name: str(value) if isinstance(value, UUID) else value for name, value in facts.items()}
    session.add(
        AuditRow(
            at=now,
            user_id=user_id,
            user_name=by,
            act=act,
            kind=kind,
            subject_id=recipient_id(address),
            facts={"address": address, **told},
        )
    )
