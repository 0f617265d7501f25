"""Record first, announce from the record: a message leaves only if the transaction that made it was committed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, insert
from sqlalchemy.orm import Session

from libs.common.envelope import pack
from libs.common.messages import Command, Event
from libs.common.store import ANNOUNCE, UtcDateTime

outbox = Table(
    "outbox",
    MetaData(),
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("message_id", String(36), nullable=False),
    Column("wire_name", Text, nullable=False),
    Column("exchange", Text, nullable=False),
    Column("routing_key", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("published_at", UtcDateTime),
)
"""One row per message to send; the relay fills in `published_at` when the broker has confirmed it."""

Index(
    "outbox_unpublished",
    outbox.c.id,
    sqlite_where=outbox.c.published_at.is_(None),
    postgresql_where=outbox.c.published_at.is_(None),
)


_ROWS = "outbox_rows"


class Outbox:
    """What a transaction has to say, once it is committed."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._rows: list[dict[str, Any]] = session.info.setdefault(_ROWS, [])

    def add(self, message: Command | Event) -> None:
        """Send `message` after the commit."""
        parcel = pack(message, message_id=str(uuid4()), now=self._now)
        self._rows.append(
            {
                "message_id": parcel.message_id,
                "wire_name": parcel.wire_name,
                "exchange": parcel.exchange,
                "routing_key": parcel.routing_key,
                "body": parcel.body,
                "created_at": self._now,
            }
        )
        self._session.info[ANNOUNCE] = self._write

    def _write(self) -> None:
        # All at once, at the end of the transaction: a statement per message would double the cost of a busy one.
        self._session.execute(insert(outbox), self._rows)
