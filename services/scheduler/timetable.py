"""The timetable: the next moment of every schedule, with the order to place then."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, bindparam, func, or_, select, update
from sqlalchemy.orm import Session

from libs.common.errors import PermanentFailure
from libs.common.messages import Misfire, ReportOrder, Timing
from libs.common.store import Store, upsert
from libs.common.timing import offset_of
from services.scheduler.tables import timetable

P = TypeVar("P", Timing, ReportOrder, Misfire)

UNKNOWN = -1
"""The version of a schedule that nobody has saved yet: older than every other."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One schedule, as it stands in the timetable."""

    schedule_id: UUID
    version: int = UNKNOWN
    active: bool = False
    timing: str | None = None
    report_order: str | None = None
    misfire: str | None = None
    jitter_seconds: int = 0
    next_at: datetime | None = None
    served_for: datetime | None = None
    succeeded_for: datetime | None = None

    def read_timing(self) -> Timing:
        """When the schedule is due; a PermanentFailure if what is stored cannot be read."""
        return _read(self.timing, Timing, "timing")

    def read_order(self) -> ReportOrder:
        """What to order then; a PermanentFailure if what is stored cannot be read."""
        return _read(self.report_order, ReportOrder, "order")

    def read_misfire(self) -> Misfire:
        """What becomes of moments that nobody served; a PermanentFailure if what is stored cannot be read."""
        return _read(self.misfire, Misfire, "misfire policy") if self.misfire else Misfire()

    @property
    def offset(self) -> timedelta:
        """How much later than its moments the schedule starts."""
        return offset_of(self.schedule_id, self.jitter_seconds)

    def is_due(self, now: datetime) -> bool:
        """True if a moment has come and was not served."""
        return self.next_at is not None and self.next_at <= now


class Move(msgspec.Struct, frozen=True, kw_only=True):
    """Where an entry is to go."""

    entry: Entry
    next_at: datetime | None
    served_for: datetime | None
    active: bool = True


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

    def move(self, session: Session, moves: Sequence[Move]) -> list[bool]:
        """Change entries that are still as they were read; False for each where somebody else was faster."""
        if not moves:
            return []
        changes = [_change(move) for move in moves]
        with session.begin_nested() as together:
            if session.connection().execute(_CHANGE_IF_UNCHANGED, changes).rowcount == len(changes):
                return [True] * len(changes)
            together.rollback()
        # Rare, since we hold what we have read: only one by one the database says which has changed.
        return [bool(session.connection().execute(_CHANGE_IF_UNCHANGED, change).rowcount) for change in changes]

    def note_success(self, session: Session, schedule_id: UUID, scheduled_for: datetime) -> None:
        """Remember that the report of this moment has reached everybody, unless a later one has."""
        session.execute(
            update(timetable)
            .where(timetable.c.schedule_id == schedule_id, _later(scheduled_for))
            .values(succeeded_for=scheduled_for)
        )

    def is_empty(self) -> bool:
        """True if no schedule was ever heard of."""
        with self._store.read() as session:
            return session.execute(select(timetable.c.schedule_id).limit(1)).first() is None

    def lock(self, session: Session, schedule_id: UUID) -> Entry:
        """The entry of a schedule, held for this transaction; one of the version UNKNOWN if it is new."""
        # Inserted first, because a row that does not exist cannot be held against another listener.
        upsert(session, timetable, _values(Entry(schedule_id=schedule_id)), key=["schedule_id"], update=[])
        query = select(timetable).where(timetable.c.schedule_id == schedule_id).with_for_update()
        return _entry(session.execute(query).mappings().one())

    def save(self, session: Session, entry: Entry) -> None:
        """Write an entry that `lock` has given and `msgspec.structs.replace` has changed."""
        session.execute(update(timetable).where(timetable.c.schedule_id == entry.schedule_id).values(_values(entry)))


def _later(succeeded_for: datetime) -> ColumnElement[bool]:
    return or_(timetable.c.succeeded_for.is_(None), timetable.c.succeeded_for < succeeded_for)


def write(part: Timing | ReportOrder | Misfire) -> str:
    """How a timing, an order or a misfire policy is kept in the timetable."""
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


def _change(move: Move) -> dict[str, Any]:
    return {
        "of_schedule_id": move.entry.schedule_id,
        "of_version": move.entry.version,
        "of_next_at": move.entry.next_at,
        "next_at": move.next_at,
        "served_for": move.served_for,
        "active": move.active,
    }


def _read(text: str | None, kind: type[P], name: str) -> P:
    try:
        return msgspec.json.decode(text or "", type=kind)
    except msgspec.DecodeError as error:
        raise PermanentFailure(f"The stored {name} of the schedule cannot be read: {error}.") from error


def _values(entry: Entry) -> dict[str, Any]:
    return msgspec.structs.asdict(entry)


def _entry(row: Mapping[Any, Any]) -> Entry:
    return Entry(**row)
