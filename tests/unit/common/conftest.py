"""A store of its own for each test, and the smallest order that a report can have."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from common_examples import NOW, order
from sqlalchemy import Column, Integer, MetaData, Table, Text

from libs.common.inbox import inbox
from libs.common.messages import GenerateReport
from libs.common.outbox import outbox
from libs.common.store import Store, UtcDateTime

things = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("seen_at", UtcDateTime),
)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def things_table() -> Table:
    """A table with an id, a name and an instant."""
    return things


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A SQLite store with an outbox, an inbox and `things_table`."""
    store = Store(f"sqlite:///{tmp_path}/store.sqlite")
    for table in (outbox, inbox, things):
        table.create(store.engine)
    yield store
    store.dispose()


@pytest.fixture
def generate_report() -> GenerateReport:
    return order("normal")
