from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from broker_tools import NOW, Broker, Run, soon, started
from broker_wire import Wire
from prometheus_client import REGISTRY
from sqlalchemy import Column, Integer, MetaData, Table, event, insert, select
from sqlalchemy.orm import Session

from libs.common import store as store_module
from libs.common.errors import TransientFailure
from libs.common.events import EventListener
from libs.common.inbox import inbox
from libs.common.messages import ReportStarted, ScheduleDeleted, encode
from libs.common.store import Store
from libs.common.topology import Topology

QUEUE = "pressroom.events.api"
DEAD = "pressroom.events.api.XQ"

heard = Table("heard", MetaData(), Column("id", Integer, primary_key=True), Column("attempt", Integer, nullable=False))

Handler = Callable[[Session, ReportStarted], None]
Listen = Callable[..., EventListener]


def note(session: Session, event: ReportStarted) -> None:
    """The usual handler: it writes down what it hears."""
    session.execute(insert(heard).values(attempt=event.attempt))


def noted(store: Store) -> list[int]:
    with store.read() as session:
        return list(session.execute(select(heard.c.attempt).order_by(heard.c.id)).scalars())


def tell(broker: Broker, *numbers: int, message_id: str = "") -> None:
    """Publish events, each under an id of its own unless one is given."""
    for number in numbers:
        broker.publish(
            "pressroom.events",
            "report.started.v1",
            encode(started(number)),
            type="report.started.v1",
            message_id=message_id or str(UUID(int=number)),
        )


def count(outcome: str, wire_name: str = "report.started.v1") -> float:
    labels = {"service": "api", "event": wire_name, "outcome": outcome}
    return REGISTRY.get_sample_value("pressroom_events_heard_total", labels) or 0.0


@pytest.fixture
def listen(run: Run, broker_url: str, topology: Topology, store: Store) -> Listen:
    """Starts the api's listener with a handler for started reports."""
    heard.create(store.engine)

    def listen(handler: Handler = note, *, url: str = broker_url) -> EventListener:
        listener = EventListener("api", url, topology, store, {ReportStarted: handler}, clock=lambda: NOW)
        run(listener)
        return listener

    return listen


def test_events_are_handled_in_order_and_each_once_though_it_comes_twice(
    listen: Listen, store: Store, broker: Broker
) -> None:
    tell(broker, *range(60))
    tell(broker, *range(60))
    tell(broker, 60)
    before = count("repeated")
    listen()
    soon(lambda: 60 in noted(store))
    assert noted(store) == list(range(61))
    soon(lambda: count("repeated") - before == 60)


def test_events_that_arrive_together_share_a_transaction(listen: Listen, store: Store, broker: Broker) -> None:
    commits: list[Any] = []
    event.listen(store.engine, "commit", commits.append)
    tell(broker, *range(200))
    soon(lambda: broker.ready(QUEUE) == 200)
    listen()
    soon(lambda: len(noted(store)) == 200)
    assert len(commits) < 50, "the commit is what costs"


def test_a_listener_that_was_down_hears_what_it_missed(listen: Listen, store: Store, broker: Broker) -> None:
    listener = listen()
    tell(broker, 1)
    soon(lambda: noted(store) == [1])
    listener.stop(5)
    tell(broker, 2, 3)
    listen()
    soon(lambda: noted(store) == [1, 2, 3])


def test_an_event_that_cannot_be_read_is_a_dead_letter_and_says_why(
    listen: Listen, store: Store, broker: Broker
) -> None:
    properties = {"type": "report.started.v1", "message_id": "broken"}
    broker.publish("pressroom.events", "report.started.v1", b'{"type": "report.started.v1"}', **properties)
    broker.publish("pressroom.events", "report.started.v1", encode(started(1)), type="report.started.v1")
    tell(broker, 2)
    listen()
    soon(lambda: broker.ready(DEAD) == 2)
    unfit, nameless = broker.take_all(DEAD)
    assert (json.loads(unfit.body), unfit.properties["message_id"]) == ({"type": "report.started.v1"}, "broken")
    assert "cannot be read: Object missing required field `at`" in unfit.headers["x-reason"]
    assert "no message id" in nameless.headers["x-reason"]
    soon(lambda: noted(store) == [2])
    soon(lambda: broker.ready(QUEUE) == 0)


def test_what_this_service_does_not_know_or_need_is_left_alone(listen: Listen, store: Store, broker: Broker) -> None:
    unknown, ignored = count("unknown", "other"), count("ignored", "schedule.deleted.v1")
    broker.publish("pressroom.events", "report.framed.v1", b"{}", type="report.framed.v1", message_id="a")
    gone = encode(ScheduleDeleted(at=NOW, schedule_id=UUID(int=1), version=1))
    broker.publish("pressroom.events", "schedule.deleted.v1", gone, type="schedule.deleted.v1", message_id="b")
    tell(broker, 3)
    listen()
    soon(lambda: noted(store) == [3])
    soon(lambda: count("unknown", "other") == unknown + 1)
    soon(lambda: count("ignored", "schedule.deleted.v1") == ignored + 1)
    with store.read() as session:
        assert session.execute(select(inbox.c.message_id)).scalars().all() == [str(UUID(int=3))]
    assert broker.ready(DEAD) == 0


def test_while_the_store_is_away_events_wait(
    listen: Listen, store: Store, broker: Broker, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0)
    impatient = Store(f"sqlite:///{tmp_path}/other.sqlite")
    monkeypatch.setattr(store, "writers", impatient.writers)  # the listener's writes now go where we can lock
    for table in (inbox, heard):
        table.create(impatient.engine)
    locked, unlock = threading.Event(), threading.Event()

    def hold() -> None:
        with impatient.writers.begin():
            locked.set()
            unlock.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(10)
    tell(broker, 1, 2)
    listener = listen()
    soon(lambda: broker.consumers(QUEUE) == 1 and broker.ready(QUEUE) == 0)
    assert noted(impatient) == []
    unlock.set()
    holder.join()
    soon(lambda: noted(impatient) == [1, 2])
    listener.stop(5)
    assert (broker.ready(QUEUE), broker.ready(DEAD)) == (0, 0)
    impatient.dispose()


def test_an_event_that_always_fails_is_a_dead_letter_while_later_ones_go_on(
    listen: Listen, store: Store, broker: Broker
) -> None:
    tries: list[int] = []

    def handler(session: Session, event: ReportStarted) -> None:
        note(session, event)
        if event.attempt == 2:
            tries.append(event.attempt)
            raise ZeroDivisionError("a bug")

    tell(broker, 1, 2, 3)
    soon(lambda: broker.ready(QUEUE) == 3)
    listen(handler)
    soon(lambda: noted(store) == [1, 3])
    told = broker.take(DEAD).headers
    assert (told["x-exception"], told["x-reason"], told["x-attempts"]) == ("ZeroDivisionError", "a bug", 5)
    assert len(tries) == 6, "once together with the others and five times alone"


def test_a_dead_letter_finds_its_queue_though_somebody_has_deleted_it(listen: Listen, broker: Broker) -> None:
    listen()
    broken = {"type": "report.started.v1", "message_id": "broken"}
    broker.publish("pressroom.events", "report.started.v1", b"{}", **broken)
    soon(lambda: broker.ready(DEAD) == 1)
    broker.delete([DEAD])
    broker.publish("pressroom.events", "report.started.v1", b"{}", **broken)
    soon(lambda: broker.exists(DEAD) and broker.ready(DEAD) == 1)
    assert "cannot be read" in broker.take(DEAD).headers["x-reason"]


class Dumb:
    """A publisher whose broker is away."""

    def publish(self, *_arguments: object) -> set[str]:
        raise TransientFailure("The broker did not confirm.")

    def keep_alive(self) -> None:
        """Nothing to keep."""

    def close(self) -> None:
        """Nothing to close."""


def test_a_dead_letter_whose_reason_cannot_be_kept_is_kept_all_the_same(listen: Listen, broker: Broker) -> None:
    listener = listen()
    listener._publisher = Dumb()  # type: ignore[assignment]
    broker.publish("pressroom.events", "report.started.v1", b"{}", type="report.started.v1", message_id="broken")
    soon(lambda: broker.ready(DEAD) == 1)
    assert broker.take(DEAD).headers["x-death"][0]["reason"] == "rejected"


def test_a_broken_connection_is_opened_again_and_nothing_is_lost_or_repeated(
    listen: Listen, store: Store, wire: Wire, broker: Broker
) -> None:
    listen(url=wire.url)
    tell(broker, 1)
    soon(lambda: noted(store) == [1])
    wire.cut()
    tell(broker, 2)
    wire.mend()
    soon(lambda: noted(store) == [1, 2])
    wire.drop()
    tell(broker, 3)
    soon(lambda: noted(store) == [1, 2, 3])


def test_stopping_is_quick_whether_the_broker_is_there_or_not(listen: Listen, wire: Wire, broker: Broker) -> None:
    listener = listen(url=wire.url)
    soon(lambda: broker.consumers(QUEUE) == 1)
    listener.stop(3)
    assert not listener.alive()
    listener = listen(url=wire.url)
    soon(lambda: broker.consumers(QUEUE) == 1)
    wire.cut()
    soon(lambda: broker.consumers(QUEUE) == 0)
    listener.stop(3)
    assert not listener.alive()


def test_an_event_in_hand_when_the_service_stops_stays_in_the_queue(
    listen: Listen, store: Store, broker: Broker
) -> None:
    asked = threading.Event()

    def handler(_session: Session, _event: ReportStarted) -> None:
        asked.set()
        raise ZeroDivisionError("a bug")

    tell(broker, 1)
    listener = listen(handler)
    assert asked.wait(10)
    listener.stop(5)
    soon(lambda: broker.ready(QUEUE) == 1)
    assert broker.ready(DEAD) == 0
