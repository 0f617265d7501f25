"""Orders a notice from the mailer and keeps that it was ordered, in one transaction."""

from __future__ import annotations

import logging
from datetime import datetime
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.delivering import Destination
from libs.common.messages import Recipient, SendNotice
from libs.common.metrics import NOTICES
from libs.common.outbox import Outbox
from services.api.letters import destinations_of, profile_of
from services.api.notices.wording import Draft
from services.api.tables import NoticeRow, UserRow

log = logging.getLogger(__name__)


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """What a notice is about. `origin` and the place it goes to name it: ordered twice it is one."""

    cause: str
    origin: UUID
    schedule_id: UUID | None = None
    schedule_name: str = ""
    report_id: UUID | None = None
    announcement_id: UUID | None = None
    more: int = 0


def tell_owner(session: Session, owner: str | None, draft: Draft, occasion: Occasion, now: datetime) -> None:
    """To the user of this name; the record says so if there is no address to write to."""
    row = _row(session, f"owner:{owner}", draft, occasion, now)
    if row is None:
        return
    row.owner, row.address = owner, _address_of(session, owner)
    if row.address:
        _order(session, row, draft, Recipient(address=row.address, name=owner or ""), now)
    elif owner is None:
        _keep_untold(row, "Nobody answers for the schedule: give it an owner.", now)
    else:
        _log_once(session, owner)
        _keep_untold(row, f"The user {owner} has no e-mail address: it can be set with PATCH /api/v1/me.", now)
    session.add(row)


def tell_destination(session: Session, name: str, draft: Draft, occasion: Occasion, now: datetime) -> None:
    """To the chat, webhook or other place of this name."""
    row = _row(session, f"destination:{name}", draft, occasion, now)
    if row is None:
        return
    row.destination = name
    found = destinations_of(session, [name])
    if found:
        row.address = found[0].shown
        _order(session, row, draft, Recipient(address=str(found[0].destination_id), name=name), now, found[0])
    else:
        _keep_untold(row, f"There is no destination {name} any more.", now)
    session.add(row)


def _row(session: Session, place: str, draft: Draft, occasion: Occasion, now: datetime) -> NoticeRow | None:
    """The row of a new notice, or None if it was ordered before."""
    notice_id = uuid5(occasion.origin, f"notice:{occasion.cause}:{place}")
    if session.get(NoticeRow, notice_id) is not None:
        return None
    return NoticeRow(
        id=notice_id,
        cause=occasion.cause,
        schedule_id=occasion.schedule_id,
        schedule_name=occasion.schedule_name,
        report_id=occasion.report_id,
        announcement_id=occasion.announcement_id,
        more=occasion.more,
        address="",
        subject=draft.subject,
        sentence=draft.sentence,
        state="pending",
        reason="",
        answer="",
        created_at=now,
    )


def _order(
    session: Session,
    row: NoticeRow,
    draft: Draft,
    recipient: Recipient,
    now: datetime,
    destination: Destination | None = None,
) -> None:
    Outbox(session, now).add(
        SendNotice(
            notice_id=row.id,
            recipient=recipient,
            subject=draft.subject,
            paragraphs=draft.paragraphs,
            facts=draft.facts,
            links=draft.links,
            profile=profile_of(session, None) if destination is None else None,
            destination=destination,
            schedule_id=row.schedule_id,
            requested_at=now,
        )
    )
    NOTICES.labels(row.cause, "pending").inc()


def _keep_untold(row: NoticeRow, reason: str, now: datetime) -> None:
    row.state, row.reason, row.ended_at = "no_address", reason, now
    NOTICES.labels(row.cause, "no_address").inc()


def _address_of(session: Session, owner: str | None) -> str:
    if owner is None:
        return ""
    return session.execute(select(UserRow.email).where(UserRow.name == owner)).scalar_one_or_none() or ""


def _log_once(session: Session, owner: str) -> None:
    """Every one of their notices is in the record; the log need not repeat it."""
    before = select(NoticeRow.id).where(NoticeRow.owner == owner, NoticeRow.state == "no_address").limit(1)
    if session.execute(before).first() is None:
        log.warning("an owner of schedules has no address for notices", extra={"owner": owner})
