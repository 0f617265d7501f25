"""Publishes what the outbox holds, in order, as soon as it is committed."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from libs.common.clock import Clock, utc_now
from libs.common.envelope import Parcel
from libs.common.errors import TransientFailure
from libs.common.inbox import forget_old
from libs.common.loop import Loop
from libs.common.metrics import MESSAGES_PUBLISHED, OUTBOX_OLDEST_SECONDS, OUTBOX_UNPUBLISHED
from libs.common.outbox import outbox
from libs.common.publisher import ConfirmingPublisher
from libs.common.store import Store
from libs.common.topology import Topology

log = logging.getLogger(__name__)

BATCH = 1_000
KEEP = timedelta(days=2)
"""Published rows stay this long, as proof and for a look at what was said."""

REST_SECONDS = 0.1
"""After a small batch, so that where there is much to say several messages share the next one. Whoever comes after a
longer silence does not wait, and nor does a crowd."""

_SMALL = 20

_CLEAN_EVERY = timedelta(minutes=10)

# Built once: to build a statement costs more than to execute it, and a busy relay does so many times a second.
_WAITING = (
    select(
        outbox.c.id,
        outbox.c.message_id,
        outbox.c.wire_name,
        outbox.c.exchange,
        outbox.c.routing_key,
        outbox.c.body,
        outbox.c.created_at,
    )
    .where(outbox.c.published_at.is_(None))
    .order_by(outbox.c.id)
    .limit(BATCH)
    .with_for_update(skip_locked=True)  # several relays share a PostgreSQL store; SQLite ignores it
)
_MARK = update(outbox).where(outbox.c.id.in_(bindparam("row_ids", expanding=True))).values(published_at=bindparam("at"))


class Relay(Loop):
    """One thread per service. A crash between the confirm and the mark publishes twice, never not at all."""

    def __init__(
        self, service: str, store: Store, broker_url: str, topology: Topology, *, clock: Clock = utc_now
    ) -> None:
        super().__init__("relay", self._next, every_seconds=1.0)
        self._service = service
        self._store = store
        self._publisher = ConfirmingPublisher(broker_url, topology)
        self._clock = clock
        self._clean_after = clock()
        self._last_size = 0
        self._rested_at = 0.0
        store.on_announcement(self.wake)

    def relay_batch(self) -> bool:
        """Publish one batch; True if there was one."""
        now = self._clock()
        self._clean(now)
        if self._store.is_sqlite:
            # Publishing inside a writing transaction would hold up the service; there is one relay per SQLite store.
            with self._store.reading() as connection:
                rows = connection.execute(_WAITING).all()
            self._measure(rows, now)
            sent = self._publish(rows)
            if sent:
                # A mark that is lost makes us say something twice.
                with self._store.writing(may_be_lost=True) as connection:
                    _mark(connection, sent, self._clock())
        else:
            with self._store.writing() as connection:
                rows = connection.execute(_WAITING).all()
                self._measure(rows, now)
                sent = self._publish(rows)
                _mark(connection, sent, self._clock())
        self._last_size = len(rows)
        return bool(sent)

    def _next(self) -> bool:
        """Relay a batch; True if there may be more. What is committed meanwhile wakes us."""
        self._stopping.wait(max(0.0, self._rested_at - time.monotonic()))
        self._wake.clear()  # what was committed until now is in this batch
        if self._stopping.is_set():
            self._wake.set()  # that was the word to stop
        was_sent = self.relay_batch()
        self._rested_at = time.monotonic() + REST_SECONDS if 0 < self._last_size < _SMALL else 0.0
        return was_sent and self._last_size == BATCH

    def stop(self, timeout_seconds: float) -> None:
        """End after the present batch, and send what the other parts have recorded while they stopped."""
        super().stop(timeout_seconds)
        if not self.alive() and self._publisher.is_open:
            self._send_the_rest()
        self._publisher.close()

    def _send_the_rest(self) -> None:
        try:
            while self.relay_batch():
                pass
        except TransientFailure as failure:
            log.warning("what is left in the outbox is sent after the next start", extra={"reason": str(failure)})

    def _publish(self, rows: Sequence[Any]) -> list[int]:
        if not rows:
            # Connected from the start: a wrong topology shows at once, and the last words at the end find their way.
            self._publisher.connect()
            self._publisher.keep_alive()
            return []
        parcels = {
            row.id: Parcel(
                message_id=row.message_id,
                wire_name=row.wire_name,
                exchange=row.exchange,
                routing_key=row.routing_key,
                body=row.body,
            )
            for row in rows
        }
        confirmed = self._publisher.publish(list(parcels.values()))
        if len(confirmed) < len(parcels):
            log.warning(
                "the broker refused messages; they stay in the outbox", extra={"refused": len(parcels) - len(confirmed)}
            )
        for parcel in parcels.values():
            MESSAGES_PUBLISHED.labels(
                self._service, parcel.wire_name, "confirmed" if parcel.message_id in confirmed else "refused"
            ).inc()
        return [row_id for row_id, parcel in parcels.items() if parcel.message_id in confirmed]

    def _measure(self, rows: Sequence[Any], now: datetime) -> None:
        oldest = max(0.0, (now - rows[0].created_at).total_seconds()) if rows else 0.0
        OUTBOX_OLDEST_SECONDS.labels(self._service).set(oldest)
        if len(rows) < BATCH:
            OUTBOX_UNPUBLISHED.labels(self._service).set(len(rows))
        else:
            with self._store.read() as session:
                query = select(func.count()).select_from(outbox).where(outbox.c.published_at.is_(None))
                OUTBOX_UNPUBLISHED.labels(self._service).set(session.execute(query).scalar_one())

    def _clean(self, now: datetime) -> None:
        if now < self._clean_after:
            return
        self._clean_after = now + _CLEAN_EVERY
        with self._store.begin() as session:
            session.execute(delete(outbox).where(outbox.c.published_at < now - KEEP))
            forget_old(session, now)


def _mark(connection: Connection, row_ids: Sequence[int], now: datetime) -> None:
    if row_ids:
        connection.execute(_MARK, {"row_ids": list(row_ids), "at": now})
