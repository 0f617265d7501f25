"""Twice is normal: the inbox tells a service whether it has acted on a message already."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Column, MetaData, String, Table, delete
from sqlalchemy.orm import Session

from libs.common.store import UtcDateTime, upsert

KEEP = timedelta(days=14)
"""How long a message is remembered; the broker does not keep one that long without somebody noticing."""

inbox = Table(
    "inbox",
    MetaData(),
    Column("message_id", String(36), primary_key=True),
    Column("received_at", UtcDateTime, nullable=False, index=True),
)
"""One row per message that was acted upon."""


def first_time(session: Session, message_id: str, now: datetime) -> bool:
    """True once per `message_id`, if the transaction that asked is committed."""
    return upsert(session, inbox, {"message_id": message_id, "received_at": now}, key=["message_id"], update=[])


def forget_old(session: Session, now: datetime) -> None:
    """Delete what is older than KEEP."""
    session.execute(delete(inbox).where(inbox.c.received_at < now - KEEP))
