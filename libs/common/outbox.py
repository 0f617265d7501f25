"""Record first, announce from the record: a message leaves only if the transaction that made it was committed."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, MetaData, String, Table, Text, insert
from sqlalchemy.orm import Session

from libs.common.envelope import Parcel, pack
from libs.common.messages import Command, Event
from libs.common.store import ANNOUNCE, IN_HURRY, UtcDateTime

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
_INSERT = insert(outbox)


class Outbox:
    """What a transaction has to say, once it is committed."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now
        self._rows: list[dict[str, Any]] = session.info.setdefault(_ROWS, [])

    def add(self, message: Command | Event, *, can_wait: bool = False) -> None:
        """Send `message` after the commit: at once, or if it `can_wait` with the next one, within about a second."""
        self.add_parcel(pack(message, message_id=str(uuid4()), now=self._now), can_wait=can_wait)

    def add_parcel(self, parcel: Parcel, *, can_wait: bool = False) -> None:
        """Send what is packed already, like a dead letter that is to be tried again."""
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
        info = self._session.info
        info[ANNOUNCE] = self.write
        info[IN_HURRY] = info.get(IN_HURRY, False) or not can_wait

    def write(self) -> None:
        """Write what was added; the store calls it at the end of a transaction."""
        # All at once: a statement per message would double the cost of a busy transaction.
        if self._rows:
            self._session.connection().execute(_INSERT, self._rows)
            self._rows.clear()
