"""A generator in one process: a real journal in SQLite, a clock that the test sets, and what was announced."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select

from libs.common.handlers import Attempt
from libs.common.messages import (
    COMMANDS,
    DeliveryPlan,
    GenerateReport,
    Message,
    Query,
    Recipient,
    ReportOrder,
    Source,
    Template,
    decode_event,
)
from libs.common.outbox import outbox
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.generator.generate import generate
from services.generator.job import Job, Outcome
from services.generator.journal import Journal
from services.generator.leases import Leases
from services.generator.produce import produce
from services.generator.progress import Progress
from services.generator.scratch import Scratch
from services.generator.tables import journal
from services.generator.workshop import Workshop

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
REPORT = UUID(int=7)
FIRST = Attempt(1, 4)


class OwnHands:
    """Does the job at once, in this process. `before` runs first, and `instead` takes the place of the work."""

    def __init__(self) -> None:
        self.jobs: list[Job] = []
        self.before: Callable[[Job, Callable[[Progress], None], Callable[[], str]], None] | None = None
        self.instead: Callable[[Job], Outcome] | None = None

    def run(self, job: Job, heard: Callable[[Progress], None], ended: Callable[[], str]) -> Outcome:
        self.jobs.append(job)
        if self.before is not None:
            self.before(job, heard, ended)
        return self.instead(job) if self.instead is not None else produce(job)


class World:
    """One generator, or several with one journal."""

    def __init__(self, store: Store, folder: Path) -> None:
        self.store = store
        self.folder = folder
        self.now = NOON
        self.sealer = Sealer(new_key())
        self.storage = ArtifactStorage(str(folder / "artifacts"))
        self.shop = _shop(folder / "shop.sqlite")
        self.hands = OwnHands()
        self.workshop = self.another("one", self.hands)
        self._heard = 0

    def another(self, owner: str, hands: OwnHands) -> Workshop:
        """A generator with the same journal."""
        own_journal = Journal(self.store, owner)
        return Workshop(
            journal=own_journal,
            leases=Leases(own_journal, lambda: self.now),
            hands=hands,
            scratch=Scratch(str(self.folder / "scratch")),
            sealer=self.sealer,
            artifacts_url=str(self.folder / "artifacts"),
            soft_limit_seconds=60,
            clock=lambda: self.now,
        )

    def command(self, **changes: Any) -> GenerateReport:
        """An order for two units of what the shop has; `changes` are for the order."""
        usual: dict[str, Any] = {
            "timezone": "Europe/Vienna",
            "template": Template(
                template_id=UUID(int=1),
                slug="sales",
                title="Sales",
                queries=(Query(name="All sales", sql="SELECT * FROM sales"),),
            ),
            "source": Source(source_id=UUID(int=2), name="shop", sealed_url=self.sealer.seal(f"sqlite:///{self.shop}")),
            "formats": ("xlsx", "csv", "pdf"),
            "priority": "urgent",
            "delivery": DeliveryPlan(
                recipients=(Recipient(address="ada@example.org", name="Ada"), Recipient(address="bob@example.org")),
                subject="Your sales",
            ),
        }
        return GenerateReport(
            report_id=REPORT,
            order=ReportOrder(**{**usual, **changes}),
            requested_at=NOON - timedelta(seconds=90),
            scheduled_for=datetime.fromisoformat("2026-05-04T22:30:00+00:00"),
        )

    def generate(self, command: GenerateReport | None = None, attempt: Attempt = FIRST) -> None:
        generate(command or self.command(), attempt, self.workshop)

    def said(self) -> list[Message]:
        """What was announced since the last call."""
        with self.store.read() as session:
            rows = session.execute(select(outbox).where(outbox.c.id > self._heard).order_by(outbox.c.id)).all()
        self._heard = rows[-1].id if rows else self._heard
        return [_read(row.wire_name, row.body) for row in rows]

    def row(self) -> Any:
        """The report in the journal."""
        with self.store.read() as session:
            return session.execute(select(journal).where(journal.c.report_id == REPORT)).one_or_none()

    def leftovers(self) -> list[str]:
        """Files of attempts that are over."""
        return [path.name for path in (self.folder / "scratch").rglob("*") if path.is_file() and path.name != "lock"]


def _read(wire_name: str, body: bytes) -> Message:
    if wire_name in COMMANDS:
        return msgspec.convert(json.loads(body)["kwargs"], COMMANDS[wire_name])
    event = decode_event(body, wire_name)
    assert event is not None
    return event


def _shop(path: Path) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE sales (day DATE, units INTEGER)")
        connection.executemany("INSERT INTO sales VALUES (?, ?)", [("2026-05-01", 3), ("2026-05-02", 4)])
    connection.close()
    return path
