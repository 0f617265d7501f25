"""Two generators that order the reports of one burst at the very same time, with their journal in PostgreSQL."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from libs.common.delivering import Burst
from libs.common.messages import (
    BurstAdvanced,
    BurstChanged,
    GenerateReport,
    Query,
    ReportOrder,
    Source,
    Template,
    decode_event,
)
from libs.common.migrations import migrate
from libs.common.outbox import outbox
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.generator.burst import bursts
from services.generator.burst.assignment import Listed
from services.generator.burst.line import PIECE_LINES, Line, piece_key
from services.generator.burst.spreader import Spreader
from services.generator.journal import Journal

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
REPORT = UUID(int=7)
PEOPLE = 5 * PIECE_LINES + 7


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    migrate(store, "services.generator.migrations")
    yield store
    store.dispose()


def test_each_report_is_ordered_once_by_whoever_is_faster(store: Store, tmp_path: Path) -> None:
    storage = ArtifactStorage(str(tmp_path / "artifacts"))
    lines = [Line(address=f"m{number}@example.org", identity=f"email:m{number}") for number in range(PEOPLE)]
    for number in range(0, PEOPLE, PIECE_LINES):
        storage.put(piece_key("list", number // PIECE_LINES), msgspec.json.encode(lines[number : number + PIECE_LINES]))
    order = ReportOrder(
        template=Template(template_id=UUID(int=1), slug="s", title="S", queries=(Query(name="q", sql="SELECT 1"),)),
        source=Source(source_id=UUID(int=2), name="shop", sealed_url="sealed"),
        burst=Burst(sql="SELECT 1", canary=150),
    )
    command = GenerateReport(report_id=REPORT, order=order, requested_at=NOON)
    listed = Listed(prefix="list", lines=PEOPLE, orderable=PEOPLE, duplicates=0, without_rows=None, query_seconds=0.1)
    with store.begin() as session:
        assert bursts.begin(session, command, listed, NOON) == ("spreading", "")

    together(store, storage)
    with store.begin() as session:
        assert bursts.state_of(session, REPORT) == "paused"
        assert bursts.change(session, REPORT, bursts.WAITING, "spreading", NOON, by="ann")
    together(store, storage)
    with store.begin() as session:
        assert bursts.state_of(session, REPORT) == "spread"
        assert bursts.stop(session, REPORT, NOON, reason="", by="ann")
        assert not bursts.stop(session, REPORT, NOON, reason="", by="bob")
        found = bursts.stopped(session, REPORT)
        assert found is not None
        assert found.requested_by == "ann"

    ordered, told, states = said(store)
    assert len(ordered) == PEOPLE
    assert set(ordered.values()) == {1}
    assert sorted(told) == list(range(PEOPLE))
    assert states == [(2, "paused"), (3, "spreading"), (4, "spread"), (5, "stopped")]


def together(store: Store, storage: ArtifactStorage) -> None:
    """Two generators work until neither has anything left to order."""
    begin = Barrier(2)

    def work(owner: str) -> None:
        spreader = Spreader(Journal(store, owner), storage, 100_000, lambda: NOON)
        begin.wait(60)
        while spreader.step():
            pass

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(work, owner) for owner in ("one", "two")]:
            done.result(120)


def said(store: Store) -> tuple[Counter[str], list[int], list[tuple[int, str]]]:
    """How often each report was ordered, the lines that were told of, and the states."""
    with store.read() as session:
        rows = session.execute(select(outbox.c.wire_name, outbox.c.body).order_by(outbox.c.id)).all()
    ordered: Counter[str] = Counter()
    told: list[int] = []
    states: list[tuple[int, str]] = []
    for wire_name, body in rows:
        if wire_name == GenerateReport.wire_name():
            ordered[json.loads(body)["kwargs"]["report_id"]] += 1
            continue
        event = decode_event(body, wire_name)
        if isinstance(event, BurstAdvanced):
            told += [one.position for one in event.recipients]
        elif isinstance(event, BurstChanged):
            states.append((event.version, event.state))
    return ordered, told, states
