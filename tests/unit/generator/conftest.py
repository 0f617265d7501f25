"""A generator's own store and its world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_world import World

from libs.common.migrations import migrate
from libs.common.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/journal.sqlite")
    migrate(store, "services.generator.migrations")
    yield store
    store.dispose()


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)
