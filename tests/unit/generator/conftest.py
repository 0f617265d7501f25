"""A generator's own store and its world."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_world import World
from sqlalchemy import event

from libs.common.migrations import migrate
from libs.common.store import Store


@pytest.fixture(scope="session")
def empty_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal without rows, made once: making it takes longer than most tests."""
    path = tmp_path_factory.mktemp("journal") / "journal.sqlite"
    store = Store(f"sqlite:///{path}")
    migrate(store, "services.generator.migrations")
    store.dispose()
    return path


@pytest.fixture
def store(tmp_path: Path, empty_journal: Path) -> Iterator[Store]:
    shutil.copy(empty_journal, tmp_path / "journal.sqlite")
    store = Store(f"sqlite:///{tmp_path}/journal.sqlite")
    # No test here pulls the plug, and waiting for the disk would take most of the time.
    event.listen(store.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    yield store
    store.dispose()


@pytest.fixture
def world(store: Store, tmp_path: Path) -> World:
    return World(store, tmp_path)
