"""Stores, parts that are stopped in time, and a broker that can be looked into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dramatiq.worker
import pytest
from broker_tools import Broker, Run
from broker_wire import Wire

from libs.common.inbox import inbox
from libs.common.outbox import outbox
from libs.common.service import Part
from libs.common.store import Store
from libs.common.topology import Topology


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dramatiq waits for seconds before it goes back to a broker that has failed; a test would only get slower."""
    monkeypatch.setattr(dramatiq.worker, "CONSUMER_RESTART_DELAY_SECS", 0.1)
    monkeypatch.setattr(dramatiq.worker, "POST_PROCESS_MESSAGE_RETRY_DELAY_SECS", 0.1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with an outbox and an inbox."""
    yield from _with_tables(Store(f"sqlite:///{tmp_path}/store.sqlite"))


@pytest.fixture
def postgres_store(postgres_url: str) -> Iterator[Store]:
    """The same on PostgreSQL."""
    yield from _with_tables(Store(postgres_url))


@pytest.fixture
def topology() -> Topology:
    return Topology()


@pytest.fixture
def broker(broker_url: str, topology: Topology) -> Iterator[Broker]:
    """A look into the test's own vhost, in which everything is declared."""
    broker = Broker(broker_url)
    topology.declare(broker._channel)
    yield broker
    broker.close()


@pytest.fixture
def wire(broker_url: str) -> Iterator[Wire]:
    """A breakable way to the test's own vhost."""
    wire = Wire(broker_url)
    yield wire
    wire.cut()


@pytest.fixture
def run() -> Iterator[Run]:
    """Starts a part of a service and stops it at the end of the test."""
    parts: list[Part] = []

    def run(part: Part) -> None:
        parts.append(part)
        part.start()

    yield run
    for part in reversed(parts):
        part.stop(5)


def _with_tables(store: Store) -> Iterator[Store]:
    for table in (outbox, inbox):
        table.create(store.engine)
    yield store
    store.dispose()
