"""The api as a process, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from api_process import ApiProcess

NewApi = Callable[..., ApiProcess]


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty store of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/records.sqlite"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def new_api(tmp_path: Path) -> Iterator[NewApi]:
    """Starts a process: `new_api(broker_url, store_url)`; it ends with the test."""
    started: list[ApiProcess] = []

    def start(broker_url: str, store_url: str, **options: str) -> ApiProcess:
        api = ApiProcess(tmp_path, broker_url, store_url, **options)
        started.append(api)
        api.start()
        return api

    yield start
    for api in started:
        api.close()


@pytest.fixture
def api(new_api: NewApi, broker_url: str, store_url: str) -> ApiProcess:
    """A running api."""
    return new_api(broker_url, store_url)
