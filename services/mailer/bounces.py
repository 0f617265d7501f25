"""Letters that come back: how a server finds us with the news, and what we make of it.

With PRESSROOM_BOUNCE_ADDRESS each letter has an envelope sender of its own, `bounces+<token>@reports.example.org`. The
token names the delivery and is signed, so nobody can say of letters that they have not seen that they came back.
"""

from __future__ import annotations

import hmac
import logging
from base64 import b32decode, b32encode
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from libs.common.addresses import address_key, ascii_domain
from libs.common.delivering import Channel
from libs.common.dsn import blames_letter, names_nobody
from libs.common.errors import SettingsError
from libs.common.ids import NAMESPACE
from libs.common.messages import DeliveryBounced, Recipient, RecipientBounced
from libs.common.outbox import Outbox
from libs.common.sealing import derived_keys
from libs.common.store import upsert
from services.mailer.consent import released_at, suppress
from services.mailer.tables import bounces, deliveries

log = logging.getLogger(__name__)

BY = "mailer"
"""Who puts an address on the list because of what came back."""

HARD_BOUNCES = 3
WITHIN = timedelta(days=30)
"""So many letters that were refused for good within this time, and nobody writes to the address any more."""

_PURPOSE = b"pressroom return paths v1"
_MARK_BYTES = 8
_TOKEN_CHARACTERS = 39
_MAX_LOCAL_PART = 64 - _TOKEN_CHARACTERS - 1


# Return paths -----------------------------------------------------------------------------------------------


class ReturnPaths:
    """Envelope senders below one address, one for each delivery; a SettingsError if the address cannot have them."""

    def __init__(self, address: str, seal_keys: str) -> None:
        self._local, at, domain = address.strip().rpartition("@")
        self._domain = ascii_domain(domain)
        if address and not (at and self._local.isascii() and 0 < len(self._local) <= _MAX_LOCAL_PART and self._domain):
            raise SettingsError(
                "PRESSROOM_BOUNCE_ADDRESS must be an address like bounces@reports.example.org, with at most "
                f"{_MAX_LOCAL_PART} ASCII characters before the @."
            )
        self._keys = derived_keys(seal_keys, _PURPOSE)

    def of(self, delivery_id: UUID) -> str:
        """The envelope sender of a delivery's letters; empty if there is no address for bounces."""
        if not self._local:
            return ""
        token = delivery_id.bytes + _mark(self._keys[0], delivery_id)
        return f"{self._local}+{b32encode(token).decode().rstrip('=').lower()}@{self._domain}"

    def delivery_of(self, address: str) -> UUID | None:
        """The delivery whose bounces come to `address`; None if it is not ours, or was not made here."""
        local, _, domain = address.strip("<> ").rpartition("@")
        base, plus, token = local.rpartition("+")
        if not plus or base.lower() != self._local.lower() or ascii_domain(domain) != self._domain:
            return None
        try:
            # Servers on the way may have changed big letters to small ones, or back.
            given = b32decode(token.upper() + "=" * (-len(token) % 8))
        except ValueError:
            return None
        if len(given) != 16 + _MARK_BYTES:
            return None
        delivery_id = UUID(bytes=given[:16])
        known = any(hmac.compare_digest(given[16:], _mark(key, delivery_id)) for key in self._keys)
        return delivery_id if known else None


def _mark(key: bytes, delivery_id: UUID) -> bytes:
    return hmac.digest(key, delivery_id.bytes, "sha256")[:_MARK_BYTES]


# What came back ---------------------------------------------------------------------------------------------


class _Letter(msgspec.Struct, frozen=True, kw_only=True):
    """The delivery that a notice is about."""

    delivery_id: UUID
    report_id: UUID
    channel: Channel
    recipient: Recipient
    attempt: int
    state: str
    kind: str


def take_bounce(session: Session, bounce: RecipientBounced) -> None:
    """Keep what a server told; mark the delivery, and put the address on the list if that is the end of it.

    Telling the same twice changes nothing. The delivery knows better than the notice to whom the letter went: it may
    have been forwarded.
    """
    letter = None if bounce.delivery_id is None else _letter(session, bounce.delivery_id)
    address = address_key(letter.recipient.address if letter else bounce.address)
    if not address or not _is_new(session, bounce, letter, address):
        return
    if letter is not None and (bounce.failed or bounce.hard):
        _mark_bounced(session, letter, bounce)
    log.info(
        "a server told of a letter",
        extra={
            "delivery_id": str(bounce.delivery_id or ""),
            "hard": bounce.hard,
            "failed": bounce.failed,
            "complaint": bounce.complaint,
            "smtp_status": bounce.status,
            "reason": bounce.diagnostic,
        },
    )
    _judge(session, address, bounce)


def is_under_way(session: Session, delivery_id: UUID) -> bool:
    """True while the answer to the letter is waited for: news of it come too early."""
    letter = _letter(session, delivery_id)
    return letter is not None and letter.state == "sending"


def _is_new(session: Session, bounce: RecipientBounced, letter: _Letter | None, address: str) -> bool:
    kind = "complaint" if bounce.complaint else "hard" if bounce.hard else "failed" if bounce.failed else "late"
    if letter is not None:
        bounce_id = uuid5(letter.delivery_id, kind)
    else:
        bounce_id = uuid5(NAMESPACE, f"bounce:{address}:{kind}:{bounce.reference or bounce.at.isoformat()}")
    values = {
        "bounce_id": bounce_id,
        "delivery_id": letter.delivery_id if letter else None,
        "address": address,
        "hard": bounce.hard,
        "failed": bounce.failed or bounce.hard,
        "complaint": bounce.complaint,
        "status": bounce.status,
        "diagnostic": bounce.diagnostic,
        "at": bounce.at,
    }
    return upsert(session, bounces, values, key=["bounce_id"], update=[])


def _mark_bounced(session: Session, letter: _Letter, bounce: RecipientBounced) -> None:
    reason = _reason(bounce)
    # What nobody heard the answer to was accepted after all; what is being sent has come back before its answer.
    marked = session.execute(
        update(deliveries)
        .where(deliveries.c.delivery_id == letter.delivery_id, deliveries.c.state.in_(("sent", "unknown", "sending")))
        .values(state="bounced", changed_at=bounce.at, reason=reason)
    )
    if cast("Any", marked).rowcount and letter.kind == "report":  # what became of a notice was told when it was sent
        event = DeliveryBounced(
            at=bounce.at,
            delivery_id=letter.delivery_id,
            report_id=letter.report_id,
            channel=letter.channel,
            recipient=letter.recipient,
            attempt=letter.attempt,
            reason=reason,
            answer=bounce.diagnostic,
        )
        Outbox(session, bounce.at).add(event)


def _judge(session: Session, address: str, bounce: RecipientBounced) -> None:
    """Put the address on the list if it is hopeless, or unwanted."""
    words = bounce.diagnostic or bounce.status
    if bounce.complaint:
        suppress(session, address, "complaint", words, BY, at=bounce.at)
    elif bounce.hard and names_nobody(bounce.status):
        suppress(session, address, "bounce", words, BY, at=bounce.at)
    elif bounce.hard and not blames_letter(bounce.status):
        count = _hard_bounces(session, address, bounce.at)
        if count >= HARD_BOUNCES:
            detail = f"{count} letters within {WITHIN.days} days; the last: {words}"
            suppress(session, address, "bounce", detail, BY, at=bounce.at)


def _hard_bounces(session: Session, address: str, at: datetime) -> int:
    """How many letters to the address were refused lately, since it was last released, by its own fault."""
    since = max(filter(None, (at - WITHIN, released_at(session, address))))
    found = session.execute(
        select(bounces.c.status, func.count())
        .where(bounces.c.address == address, bounces.c.hard.is_(True), bounces.c.at > since)
        .group_by(bounces.c.status)
    )
    return sum(count for status, count in found if not blames_letter(status))


def _letter(session: Session, delivery_id: UUID) -> _Letter | None:
    query = select(deliveries).where(deliveries.c.delivery_id == delivery_id).with_for_update()
    found = session.execute(query).mappings().one_or_none()
    if found is None:
        return None
    return _Letter(
        delivery_id=found["delivery_id"],
        report_id=found["report_id"],
        channel=found["channel"],
        recipient=Recipient(address=found["address"], name=found["name"], role=found["role"]),
        attempt=found["attempt"],
        state=found["state"],
        kind=found["kind"],
    )


def _reason(bounce: RecipientBounced) -> str:
    if names_nobody(bounce.status):
        return "The letter came back: there is no such mailbox."
    if bounce.status == "5.2.2":
        return "The letter came back: the mailbox is full."
    if bounce.status.startswith("4"):
        return "The letter came back: the recipient's mail server did not take it in time."
    return "The letter came back: the recipient's mail server refused it."
