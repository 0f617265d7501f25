from __future__ import annotations

import json
from collections import Counter

import pytest
from broker_tools import NOW, Broker, Run, order, say, soon, started, unsent
from broker_wire import Wire

from libs.common import publisher
from libs.common.errors import TransientFailure
from libs.common.outbox import Outbox
from libs.common.relay import Relay
from libs.common.store import Store
from libs.common.topology import Topology

HEARD = "pressroom.events.api"


def attempts(broker: Broker) -> list[int]:
    """The numbers that the events in the api's queue carry, in order."""
    return [json.loads(message.body)["attempt"] for message in broker.take_all(HEARD)]


def test_what_is_committed_is_published_in_order_and_at_once(
    run: Run, store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    run(Relay("press", store, broker_url, topology))
    for number in range(5):
        say(store, *(started(number * 100 + part) for part in range(100)))
    soon(lambda: unsent(store) == 0)
    assert attempts(broker) == list(range(500))


def test_nothing_is_published_from_a_transaction_that_failed(
    store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    with pytest.raises(RuntimeError, match="undone"), store.begin() as session:
        _add_and_fail(Outbox(session, NOW))
    say(store, started(2))
    relay = Relay("press", store, broker_url, topology)
    assert relay.relay_batch()
    assert attempts(broker) == [2]
    relay.stop(1)


def _add_and_fail(box: Outbox) -> None:
    box.add(started(1))
    raise RuntimeError("undone")


def test_nothing_is_lost_while_the_broker_is_away(
    run: Run, store: Store, wire: Wire, topology: Topology, broker: Broker
) -> None:
    run(Relay("press", store, wire.url, topology))
    say(store, started(0))
    soon(lambda: unsent(store) == 0)
    wire.cut()
    for number in range(1, 20):
        say(store, started(number))
    assert unsent(store) == 19
    wire.mend()
    soon(lambda: unsent(store) == 0)
    assert attempts(broker) == list(range(20))


def test_a_broker_that_does_not_confirm_is_not_believed(
    store: Store, wire: Wire, topology: Topology, broker: Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "CONFIRM_SECONDS", 0.2)
    relay = Relay("press", store, wire.url, topology)
    say(store, started(1))
    assert relay.relay_batch()
    wire.hold()
    say(store, started(2))
    with pytest.raises(TransientFailure, match="The broker did not confirm"):
        relay.relay_batch()
    assert unsent(store) == 1
    wire.drop()
    assert relay.relay_batch()
    assert attempts(broker) == [1, 2]
    relay.stop(1)


def test_a_command_that_no_queue_takes_stays_until_there_is_one(
    store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    relay = Relay("press", store, broker_url, topology)
    say(store, order("low"))
    assert relay.relay_batch()
    broker.delete(["reports.low", "reports.high"])
    say(store, order("low"), order("normal"), order("high"))
    assert relay.relay_batch(), "what can be sent is sent"
    assert unsent(store) == 2
    assert relay.relay_batch(), "the queues have been declared again"
    assert unsent(store) == 0
    assert {queue: broker.ready(f"reports.{queue}") for queue in ("low", "normal", "high")} == {
        "low": 1,
        "normal": 1,
        "high": 1,
    }
    relay.stop(1)


def test_an_event_that_nobody_listens_to_is_kept(
    store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    relay = Relay("press", store, broker_url, topology)
    assert not relay.relay_batch()
    say(store, started())
    relay.relay_batch()
    broker.take_all(HEARD)
    broker.delete([HEARD])
    say(store, started(7))
    assert relay.relay_batch()
    assert json.loads(broker.take("pressroom.unroutable").body)["attempt"] == 7
    relay.stop(1)


def test_two_relays_share_an_outbox_and_publish_each_message_once(
    run: Run, postgres_store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    for number in range(4):
        say(postgres_store, *(started(number * 150 + part) for part in range(150)))
    relays = [Relay("press", postgres_store, broker_url, topology) for _ in range(2)]
    for relay in relays:
        run(relay)
    for number in range(600, 620):
        say(postgres_store, started(number))
    soon(lambda: unsent(postgres_store) == 0)
    assert Counter(attempts(broker)) == Counter(range(620))


def test_a_relay_that_stops_sends_what_was_recorded_while_it_stopped(
    run: Run, store: Store, broker_url: str, topology: Topology, broker: Broker
) -> None:
    relay = Relay("press", store, broker_url, topology)
    run(relay)
    say(store, started(1))
    soon(lambda: unsent(store) == 0)
    relay._stopping.set()  # as if the last part committed in the very moment in which the relay was told to stop
    relay.wake()
    soon(lambda: not relay.alive())
    say(store, started(2))
    relay.stop(5)
    assert unsent(store) == 0
    assert attempts(broker) == [1, 2]
