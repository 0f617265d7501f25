"""The real servers that tests run against, a private RabbitMQ and a private PostgreSQL, started when asked for."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from libs.common.errors import PermanentFailure
from libs.local.postgres import PrivatePostgres
from libs.local.private_broker import PrivateBroker

HERE = Path(__file__).parent

RERUN_IN = ("integration", "e2e")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--long` runs the tests that take minutes, and those alone."""
    parser.addoption("--long", action="store_true", help="run the tests that take minutes, and those alone")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """A test with real servers on a busy machine gets a second chance; the summary names each that needed it.

    Look at those: what fails now and then is a defect of the test or of Pressroom (docs/contributing.md).
    """
    wanted = bool(config.getoption("--long"))
    left_out = [item for item in items if (item.get_closest_marker("long") is not None) != wanted]
    items[:] = [item for item in items if item not in set(left_out)]
    config.hook.pytest_deselected(items=left_out)
    for item in items:
        if item.path.relative_to(HERE).parts[0] in RERUN_IN:
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def _shared_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBroker]:
    yield from _running_broker(tmp_path_factory, vhosts=40)


@pytest.fixture(scope="session")
def _own_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateBroker]:
    yield from _running_broker(tmp_path_factory, vhosts=8)  # few, because each of them makes a restart longer


@pytest.fixture
def broker_url(_shared_broker: PrivateBroker) -> str:
    """The AMQP URL of an empty vhost of this test's own; the node is shared and is never stopped."""
    return _shared_broker.new_vhost()


@pytest.fixture
def broker_node(_own_broker: PrivateBroker) -> PrivateBroker:
    """A node that the test may stop, kill and start; `new_vhost()` gives the URL of an empty vhost."""
    if not _own_broker.running():
        _own_broker.start()
    return _own_broker


@pytest.fixture(scope="session")
def _postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    try:
        postgres = PrivatePostgres(tmp_path_factory.mktemp("postgres") / "postgres.log")
    except PermanentFailure as missing:
        _not_installed(missing)
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.close()


@pytest.fixture
def new_database(_postgres: PrivatePostgres, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes an empty PostgreSQL database and gives its URL; call it once per store that the test needs."""
    test = re.sub(r"\W+", "_", request.node.name)[:30]

    def make(name: str) -> str:
        return _postgres.new_database(f"{name}_{test}_{secrets.token_hex(4)}")

    return make


@pytest.fixture
def postgres_url(new_database: Callable[[str], str]) -> str:
    """The URL of an empty PostgreSQL database of this test's own."""
    return new_database("store")


def _running_broker(tmp_path_factory: pytest.TempPathFactory, vhosts: int) -> Iterator[PrivateBroker]:
    try:
        broker = PrivateBroker(tmp_path_factory.mktemp("broker"), vhosts)
    except PermanentFailure as missing:
        _not_installed(missing)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


def _not_installed(missing: PermanentFailure) -> NoReturn:
    # At home a missing server is no reason not to run the other tests; in CI it would hide what was not tested.
    if os.environ.get("CI") == "true":
        pytest.fail(str(missing))
    pytest.skip(str(missing))
