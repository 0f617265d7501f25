"""The timetable: the next moment of every schedule, with the order to place then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import Session

from libs.common.errors import PermanentFailure
from libs.common.messages import ReportOrder, Timing
from libs.common.store import Store, upsert
from services.scheduler.tables import timetable

P = TypeVar("P", Timing, ReportOrder)

UNKNOWN = -1
"""The version of a schedule that nobody has saved yet: older than every other."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule, as it stands in the timetable."""

    schedule_id: UUID
    version: int = UNKNOWN
    active: bool = False
    timing: str | None = None
    report_order: str | None = None
    next_at: datetime | None = None
    served_for: datetime | None = None

    def read_timing(self) -> Timing:
        """When the schedule is due; a PermanentFailure if what is stored cannot be read."""
        return _read(self.timing, Timing, "timing")

    def read_order(self) -> ReportOrder:
        """What to order then; a PermanentFailure if what is stored cannot be read."""
        return _read(self.report_order, ReportOrder, "order")

    def is_due(self, now: datetime) -> bool:
        """True if a moment has come and was not served."""
        return self.next_at is not None and self.next_at <= now


class Timetable:
    """All schedules. Several schedulers may work on one timetable; SQLite has room for one writer at a time."""

    def __init__(self, store: Store) -> None:
        self._store = store

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """A transaction that ends with the block: whatever is changed and announced in it goes together."""
        with self._store.begin() as session:
            yield session

    def earliest(self) -> datetime | None:
        """When the next moment of any schedule is due; it may lie in the past."""
        with self._store.read() as session:
            earliest: datetime | None = session.execute(select(func.min(timetable.c.next_at))).scalar_one()
        return earliest

    def count_active(self) -> int:
        """How many schedules have a next moment. It counts them: not for every tick."""
        with self._store.read() as session:
            return session.execute(select(func.count(timetable.c.next_at))).scalar_one()

    def due(self, session: Session, now: datetime, limit: int) -> list[Entry]:
        """Up to `limit` entries that are due, the most overdue first, without those that another scheduler holds."""
        query = (
            select(timetable)
            .where(timetable.c.next_at <= now)
            .order_by(timetable.c.next_at)
            .limit(limit)
            .with_for_update(skip_locked=True)  # on PostgreSQL; SQLite has a single writer and leaves it out
        )
        return [_entry(row) for row in session.execute(query).mappings()]

    def advance(self, session: Session, entry: Entry, next_at: datetime | None, served_for: datetime) -> bool:
        """Move an entry on to `next_at`, if it is still as it was read. False: somebody else was faster."""
        return _change(session, entry, next_at=next_at, served_for=served_for, active=entry.active)

    def pause(self, session: Session, entry: Entry) -> bool:
        """Let an entry rest until it is saved again, if it is still as it was read. False: somebody else was faster."""
        return _change(session, entry, next_at=None, served_for=entry.served_for, active=False)

    def lock(self, session: Session, schedule_id: UUID) -> Entry:
        """The entry of a schedule, held for this transaction; one of the version UNKNOWN if it is new."""
        # Inserted first, because a row that does not exist cannot be held against another listener.
        upsert(session, timetable, _values(Entry(schedule_id=schedule_id)), key=["schedule_id"], update=[])
        query = select(timetable).where(timetable.c.schedule_id == schedule_id).with_for_update()
        return _entry(session.execute(query).mappings().one())

    def save(self, session: Session, entry: Entry) -> None:
        """Write an entry that `lock` has given and `msgspec.structs.replace` has changed."""
        session.execute(update(timetable).where(timetable.c.schedule_id == entry.schedule_id).values(_values(entry)))


def write(part: Timing | ReportOrder) -> str:
    """How a timing or an order is kept in the timetable."""
    return msgspec.json.encode(part).decode()


# Built once: making the statement anew costs more than running it.
_CHANGE_IF_UNCHANGED = (
    update(timetable)
    .where(
        timetable.c.schedule_id == bindparam("of_schedule_id"),
        timetable.c.version == bindparam("of_version"),
        timetable.c.next_at == bindparam("of_next_at"),
    )
    .values(next_at=bindparam("next_at"), served_for=bindparam("served_for"), active=bindparam("active"))
)


def _change(session: Session, entry: Entry, **changes: Any) -> bool:
    read = {"of_schedule_id": entry.schedule_id, "of_version": entry.version, "of_next_at": entry.next_at}
    return bool(session.connection().execute(_CHANGE_IF_UNCHANGED, {**read, **changes}).rowcount)


def _read(text: str | None, kind: type[P], name: str) -> P:
    try:
        return msgspec.json.decode(text or "", type=kind)
    except msgspec.DecodeError as error:
        raise PermanentFailure(f"The stored {name} of the schedule cannot be read: {error}.") from error


def _values(entry: Entry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry)


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(**row)
