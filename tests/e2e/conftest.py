"""A whole Pressroom: the four services as processes, a private broker, a mail sink, one source with rows."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e_world import World

from libs.local.instance import Instance

STORES = ("scheduler", "generator", "mailer", "api")


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database to read from: 500 orders with exact amounts."""
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY, customer TEXT, day DATE, amount REAL)")
        rows = [(n, f"Customer {n % 7} ☂", f"2026-{1 + n % 12:02}-15", n * 1.25) for n in range(500)]
        connection.executemany("INSERT INTO orders VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return path


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, shop: Path) -> Iterator[World]:
    """Pressroom on SQLite stores, shared by the tests of a module."""
    yield from _running(tmp_path_factory.mktemp("pressroom"), {}, shop)


@pytest.fixture
def world_on_postgresql(tmp_path: Path, shop: Path, new_database: Callable[[str], str]) -> Iterator[World]:
    """Pressroom with a PostgreSQL database per service."""
    stores = {f"PRESSROOM_{name.upper()}_STORE_URL": new_database(name) for name in STORES}
    yield from _running(tmp_path / "pressroom", stores, shop)


def _running(root: Path, environ: dict[str, str], shop: Path) -> Iterator[World]:
    instance = Instance(root, environ={"PATH": "/usr/local/bin:/usr/bin:/bin", **environ})
    try:
        instance.start()
        instance.wait_ready(timeout_seconds=90)
        with World(instance) as world:
            world.describe(shop)
            yield world
    finally:
        instance.stop()
