"""A scheduler in one process: a real timetable in SQLite, a clock that the test sets, and what was announced."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import select

from libs.common.messages import (
    DeliveryPlan,
    Event,
    GenerateReport,
    Message,
    Misfire,
    OccurrencesStarted,
    OccurrenceStarted,
    Priority,
    Query,
    Recipient,
    ReportOrder,
    ScheduleDeleted,
    ScheduleSaved,
    Source,
    Template,
    Timing,
    decode_event,
)
from libs.common.outbox import outbox
from libs.common.store import Store
from services.scheduler.claim import claim_due
from services.scheduler.listener import ScheduleListener
from services.scheduler.tables import timetable as rows
from services.scheduler.timetable import Entry, Timetable

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
DAILY = Timing(frequency="daily", config={"hour": 13, "minute": 0})


class World:
    """Speaks to the scheduler as events do, lets time pass, and listens to what it says."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.timetable = Timetable(store)
        self.now = NOON
        self.catch_up = timedelta(hours=1)
        self.wakes = 0
        self.listener = ScheduleListener(
            self.timetable, catch_up=self.catch_up, clock=lambda: self.now, wake=self._count_wake
        )
        self._heard = 0

    def save(
        self,
        schedule_id: UUID | None = None,
        *,
        timing: Timing = DAILY,
        version: int = 1,
        active: bool = True,
        at: datetime | None = None,
        order: ReportOrder | None = None,
        misfire: Misfire = Misfire(),  # noqa: B008
    ) -> UUID:
        schedule_id = schedule_id or uuid4()
        self.hear(
            ScheduleSaved(
                at=at or self.now,
                schedule_id=schedule_id,
                version=version,
                active=active,
                timing=timing,
                order=order or make_order(),
                misfire=misfire,
            )
        )
        return schedule_id

    def delete(self, schedule_id: UUID, *, version: int, at: datetime | None = None) -> None:
        self.hear(ScheduleDeleted(at=at or self.now, schedule_id=schedule_id, version=version))

    def hear(self, event: Event) -> None:
        # Over the wire and back, so that the handler gets what a listener gives it.
        heard = decode_event(msgspec.json.encode(event), event.wire_name())
        assert heard is not None
        with self.store.begin() as session:
            self.listener.handlers()[type(heard)](session, heard)

    def tick(self, at: datetime | None = None) -> list[Message]:
        """Claim all that is due at `at` (default: now); what has been said since the last time."""
        self.now = at or self.now
        while claim_due(self.timetable, self.now, self.catch_up):
            pass
        return self.said()

    def said(self) -> list[Message]:
        with self.store.read() as session:
            found = session.execute(select(outbox).where(outbox.c.id > self._heard).order_by(outbox.c.id)).all()
        self._heard = found[-1].id if found else self._heard
        return [message for row in found for message in _messages(row)]

    def entry(self, schedule_id: UUID) -> Entry:
        with self.store.read() as session:
            row = session.execute(select(rows).where(rows.c.schedule_id == schedule_id)).mappings().one()
        return Entry(**row)

    def spoil(self, schedule_id: UUID, **columns: Any) -> None:
        with self.store.begin() as session:
            session.execute(rows.update().where(rows.c.schedule_id == schedule_id).values(columns))

    def _count_wake(self) -> None:
        self.wakes += 1


def make_order(priority: Priority = "normal", title: str = "Sales") -> ReportOrder:
    return ReportOrder(
        template=Template(
            template_id=UUID(int=1), slug="sales", title=title, queries=(Query(name="Sales", sql="SELECT 1"),)
        ),
        source=Source(source_id=UUID(int=2), name="shop", sealed_url="sealed"),
        priority=priority,
        delivery=DeliveryPlan(recipients=(Recipient(address="ada@example.org"),)),
    )


def _messages(row: Any) -> list[Message]:
    """What a row of the outbox says; moments that came together are told one by one."""
    if row.wire_name == GenerateReport.wire_name():
        return [msgspec.convert(json.loads(row.body)["kwargs"], GenerateReport)]
    event = decode_event(row.body, row.wire_name)
    assert event is not None
    if isinstance(event, OccurrencesStarted):
        return [OccurrenceStarted(at=event.at, **msgspec.structs.asdict(one)) for one in event.started]
    return [event]
