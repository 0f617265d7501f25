from __future__ import annotations

import pytest
from broker_tools import Broker, Run, soon
from broker_wire import Wire
from prometheus_client import REGISTRY

from libs.common.connection import open_connection
from libs.common.errors import SettingsError, TransientFailure
from libs.common.queues import QueueWatch
from libs.common.relay import Relay
from libs.common.store import Store
from libs.common.topology import WORK_QUEUES, Topology, dead_queue


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_declaring_twice_is_fine_and_keeps_what_is_there(broker_url: str, queue_type: str) -> None:
    topology = Topology(queue_type)  # type: ignore[arg-type]
    with open_connection(broker_url) as connection:
        topology.declare(connection.default_channel)
        broker = Broker(broker_url)
        broker.publish("pressroom.work", "mail.normal", b"kept")
        soon(lambda: broker.ready("mail.normal") == 1)
        topology.declare(connection.default_channel)
        assert broker.ready("mail.normal") == 1
        broker.close()


def test_queues_of_the_other_type_are_a_wrong_setting_that_names_the_queue(broker: Broker, broker_url: str) -> None:
    with open_connection(broker_url) as connection:
        sentence = r"The queue pressroom\.unroutable exists with other arguments .* Set PRESSROOM_QUEUE_TYPE"
        with pytest.raises(SettingsError, match=sentence):
            Topology("classic").declare(connection.default_channel)


def test_a_part_that_finds_the_other_type_ends_and_says_so(
    run: Run, broker: Broker, broker_url: str, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    relay = Relay("press", store, broker_url, Topology("classic"))
    run(relay)
    soon(lambda: not relay.alive())
    assert "PRESSROOM_QUEUE_TYPE" in caplog.records[-1].reason  # type: ignore[attr-defined]


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_what_expires_in_a_waiting_queue_returns_to_its_own_queue(broker_url: str, queue_type: str) -> None:
    broker = Broker(broker_url)
    Topology(queue_type).declare(broker._channel)  # type: ignore[arg-type]
    broker.publish("pressroom.wait.10s", "mail.urgent", b"again", expiration="50")
    soon(lambda: broker.ready("mail.urgent") == 1)
    broker.close()


@pytest.mark.parametrize("queue_type", ["quorum", "classic"])
def test_what_is_refused_goes_to_the_dead_letters_of_its_queue(broker_url: str, queue_type: str) -> None:
    broker = Broker(broker_url)
    Topology(queue_type).declare(broker._channel)  # type: ignore[arg-type]
    for queue in WORK_QUEUES:
        broker.publish("pressroom.work", queue, b"poison")
        soon(lambda queue=queue: broker.ready(queue) == 1)  # type: ignore[misc]
        message = broker._channel.basic_get(queue)
        broker._channel.basic_reject(message.delivery_tag, requeue=False)
        soon(lambda queue=queue: broker.ready(dead_queue(queue)) == 1)  # type: ignore[misc]
    broker.close()


def depth(queue: str, state: str) -> float | None:
    return REGISTRY.get_sample_value("pressroom_queue_messages", {"queue": queue, "state": state})


def test_the_watch_sees_what_is_ready_waiting_and_dead(broker: Broker, broker_url: str) -> None:
    watch = QueueWatch("press", broker_url, every_seconds=1)
    for exchange, key in (
        ("pressroom.work", "reports.low"),
        ("pressroom.work", "reports.low"),
        ("pressroom.dead", "mail.normal"),
        ("pressroom.wait.1h", "mail.normal"),
        ("pressroom.events", "report.started.v1"),
    ):
        broker.publish(exchange, key, b"x")
    soon(lambda: broker.ready("pressroom.events.api") == 1)
    watch.look()
    watch.check()
    assert depth("reports.low", "ready") == 2
    assert depth("mail.normal", "dead") == 1
    assert depth("mail.normal", "ready") == 0
    assert depth("pressroom.wait.1h", "waiting") == 1
    assert depth("pressroom.events.api", "ready") == 1
    assert REGISTRY.get_sample_value("pressroom_queue_consumers", {"queue": "reports.low"}) == 0
    broker.delete(["reports.low"])
    watch.look()
    assert depth("reports.low", "ready") is None, "a queue that is gone has no depth"
    watch.stop(1)


def test_the_watch_shows_no_old_figures_while_the_broker_is_away(broker: Broker, wire: Wire) -> None:
    def up() -> float | None:
        return REGISTRY.get_sample_value("pressroom_broker_up", {"service": "press"})

    watch = QueueWatch("press", wire.url, every_seconds=1)
    with pytest.raises(TransientFailure):
        watch.check()
    watch.look()
    assert (up(), depth("reports.high", "ready")) == (1, 0)
    wire.cut()
    with pytest.raises(TransientFailure, match="The broker does not answer"):
        watch.look()
    assert (up(), depth("reports.high", "ready")) == (0, None)
    with pytest.raises(TransientFailure, match="The broker does not answer"):
        watch.check()
    wire.mend()
    watch.look()
    watch.check()
    assert (up(), depth("reports.high", "ready")) == (1, 0)
    watch.stop(1)
