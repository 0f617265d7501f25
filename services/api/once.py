"""Idempotency-Key: a request that arrives twice does its work once.

The id of what a request creates is made from the key, so the key names the thing for ever.
"""

from __future__ import annotations

import hmac
import re
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from libs.common.ids import requested_id
from libs.common.store import upsert
from services.api.audit import Kind
from services.api.people import Caller
from services.api.problems import wrong
from services.api.tables import RequestRow, table_of

HEADER = "Idempotency-Key"

_KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Asked(msgspec.Struct, frozen=True):
    """The id of what a request creates, and whether it is the first to ask for it."""

    id: UUID
    first: bool


def asked(session: Session, kind: Kind, caller: Caller, key: str | None, body: msgspec.Struct, now: datetime) -> Asked:
    """Call this first in the transaction that creates; Refused if `key` came before with another body."""
    if key is None:
        return Asked(uuid4(), first=True)
    if not _KEY.fullmatch(key):
        raise wrong(HEADER, f"{HEADER} must be 1 to 200 visible ASCII characters.")
    wanted = requested_id(kind, str(caller.user_id), key)
    # The key of the digest is not kept anywhere, so nobody can try guesses of a secret in the body against it.
    fingerprint = hmac.digest(key.encode(), msgspec.json.encode(body, order="deterministic"), "sha256").hex()
    values = {
        "id": wanted,
        "user_id": caller.user_id,
        "kind": kind,
        "fingerprint": fingerprint,
        "created_at": now,
    }
    if upsert(session, table_of(RequestRow), values, key=["id"], update=[]):
        return Asked(wanted, first=True)
    known = session.execute(select(RequestRow.fingerprint).where(RequestRow.id == wanted)).scalar_one()
    if known != fingerprint:
        raise wrong(HEADER, f"{HEADER} was used before with another body; take a new key for a new request.")
    return Asked(wanted, first=False)
