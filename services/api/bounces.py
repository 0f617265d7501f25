"""What people and mail servers tell of letters that came back: read here, decided by the mailer."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

from sqlalchemy.orm import Session

from libs.common.dsn import MailKind, as_event, delivery_in, is_hard, read_mail, status_in
from libs.common.messages import RecipientBounced
from libs.common.outbox import Outbox
from services.api.bodies import read_body
from services.api.problems import Refused, wrong
from services.api.recipients import wanted_address
from services.api.schemas.consent import BounceResult, NewBounce
from services.api.views.consent import bounce_view
from services.api.words import shown

MAILS = ("message/rfc822", "text/plain", "message/global")
JSON = "application/json"


def told(media_type: str, body: bytes, now: datetime) -> tuple[BounceResult, list[RecipientBounced]]:
    """What `body` tells, for who sent it and for the mailer; Refused if it is nothing that can be read."""
    kind = media_type.partition(";")[0].strip().lower()
    if kind in MAILS:
        mail = read_mail(body)
        # Of a letter that is not ours, and without an address, there is nothing to tell.
        events = [one for one in (as_event(notice, now) for notice in mail.notices) if one.delivery_id or one.address]
        return _result(mail.kind, events), events
    if kind == JSON or not kind:
        event = _event(read_body(body, NewBounce), now)
        return _result("complaint" if event.complaint else "bounce", [event]), [event]
    raise Refused(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"Content-Type must be {', '.join(MAILS[:2])} or {JSON}, not {shown(media_type)}.",
    )


def pass_on(session: Session, events: list[RecipientBounced], now: datetime) -> None:
    """Tell the mailer."""
    outbox = Outbox(session, now)
    for event in events:
        outbox.add(event)


def _result(kind: MailKind, events: list[RecipientBounced]) -> BounceResult:
    return BounceResult(kind=kind, items=[bounce_view(event) for event in events])


def _event(new: NewBounce, now: datetime) -> RecipientBounced:
    delivery_id = new.delivery_id or delivery_in(new.message_id)
    if new.message_id and delivery_id is None:
        raise wrong("message_id", "message_id must be the Message-ID of one of our letters, which begins with an id.")
    if delivery_id is None and not new.address:
        raise wrong("delivery_id", "delivery_id, message_id or address must say which letter came back.")
    status = status_in(new.diagnostic)
    return RecipientBounced(
        at=now,
        delivery_id=delivery_id,
        address=wanted_address(new.address, "address") if new.address else "",
        # Somebody who says that it is hard knows more than we; a full mailbox is not, whatever anybody says.
        hard=new.hard and is_hard(True, status if status.startswith("5") else ""),
        failed=new.hard,
        complaint=new.complaint,
        status=status,
        diagnostic=new.diagnostic,
        reference=new.reference,
    )
