"""Orders, and generators as real processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_process import Installation

from libs.common.errors import PermanentFailure
from libs.local.mariadb import PrivateMariaDB


@pytest.fixture
def installation(broker_url: str, tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, broker_url)
    yield installation
    installation.close()


@pytest.fixture(scope="session")
def _mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivateMariaDB]:
    try:
        server = PrivateMariaDB(tmp_path_factory.mktemp("mariadb") / "mariadb.log")
    except PermanentFailure as missing:
        # As for the other servers: at home the test is skipped, in CI nothing may be hidden.
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(str(missing))
    try:
        server.start()
        yield server
    finally:
        server.close()
