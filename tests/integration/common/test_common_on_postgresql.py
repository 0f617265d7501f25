"""What the stores promise, on PostgreSQL: the unit tests see it on SQLite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from broker_tools import NOW, Broker, Run, say, soon, started, unsent
from broker_wire import Wire
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select
from sqlalchemy.orm import Session

from libs.common import loop
from libs.common.errors import TransientFailure
from libs.common.events import EventListener
from libs.common.inbox import first_time, inbox
from libs.common.messages import ReportStarted, encode
from libs.common.outbox import outbox
from libs.common.relay import Relay
from libs.common.store import Store, UtcDateTime, upsert
from libs.common.topology import Topology

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("seen_at", UtcDateTime),
)


@pytest.fixture
def wire(postgres_url: str) -> Iterator[Wire]:
    """A breakable way to the test's own database."""
    wire = Wire(postgres_url)
    yield wire
    wire.cut()


@pytest.fixture
def store(wire: Wire) -> Iterator[Store]:
    store = Store(wire.url)
    for table in (outbox, inbox, things):
        table.create(store.engine)
    yield store
    store.dispose()


def names(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.execute(select(things.c.name).order_by(things.c.id)).scalars())


def test_upsert_and_inbox_say_whether_they_wrote(store: Store) -> None:
    with store.begin() as session:
        assert upsert(session, things, {"id": 1, "name": "first"}, key=["id"], update=[])
        assert not upsert(session, things, {"id": 1, "name": "second"}, key=["id"], update=[])
        assert upsert(session, things, {"id": 1, "name": "third"}, key=["id"], update=["name"])
        assert first_time(session, "a", NOW)
    with store.begin() as session:
        assert not first_time(session, "a", NOW)
    assert names(store) == ["third"]


def test_an_instant_comes_back_in_utc(store: Store) -> None:
    instant = datetime(2026, 7, 2, 9, 0, 0, 123456, tzinfo=ZoneInfo("Europe/Vienna"))
    with store.begin() as session:
        session.execute(insert(things).values(seen_at=instant))
    with store.read() as session:
        found = session.execute(select(things.c.seen_at)).scalar_one()
    assert (found, str(found.tzinfo)) == (instant, "UTC")


def test_a_server_that_goes_away_is_a_transient_failure_and_may_come_back(store: Store, wire: Wire) -> None:
    store.ping()
    wire.cut()
    with pytest.raises(TransientFailure, match="The store is away"):
        store.ping()
    wire.mend()
    store.ping()


def test_a_connection_that_breaks_in_mid_transaction_undoes_it(store: Store, wire: Wire) -> None:
    with pytest.raises(TransientFailure, match="The store is away"), store.begin() as session:
        _insert_and_lose(session, wire)
    assert names(store) == []


def _insert_and_lose(session: Session, wire: Wire) -> None:
    session.execute(insert(things).values(name="half"))
    wire.drop()


def test_events_are_heard_once_though_they_come_twice_and_the_store_was_away(
    run: Run,
    store: Store,
    wire: Wire,
    broker: Broker,
    broker_url: str,
    topology: Topology,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(loop, "MAX_PAUSE_SECONDS", 0.5)  # only to see it sooner

    def tell(number: int) -> None:
        properties = {"type": "report.started.v1", "message_id": str(UUID(int=number))}
        broker.publish("pressroom.events", "report.started.v1", encode(started(number)), **properties)

    def note(session: Session, event: ReportStarted) -> None:
        session.execute(insert(things).values(name=str(event.attempt)))

    run(EventListener("api", broker_url, topology, store, {ReportStarted: note}, clock=lambda: NOW))
    for number in (1, 2, 1):
        tell(number)
    soon(lambda: names(store) == ["1", "2"])
    wire.cut()
    for number in (3, 2):
        tell(number)
    soon(lambda: broker.ready("pressroom.events.api") == 0)
    wire.mend()
    soon(lambda: names(store) == ["1", "2", "3"])
    assert broker.ready("pressroom.events.api.XQ") == 0


def test_the_relay_goes_on_when_its_store_is_back(
    run: Run, store: Store, wire: Wire, broker: Broker, broker_url: str, topology: Topology
) -> None:
    relay = Relay("press", store, broker_url, topology)
    run(relay)
    say(store, started(1))
    soon(lambda: unsent(store) == 0)
    wire.cut()
    wire.mend()
    say(store, started(2))
    soon(lambda: unsent(store) == 0)
    assert relay.alive()
    assert [json.loads(event.body)["attempt"] for event in broker.take_all("pressroom.events.api")] == [1, 2]
