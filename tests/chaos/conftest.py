"""A PostgreSQL that the chaos may stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.local.postgres import PrivatePostgres


@pytest.fixture
def own_postgres(tmp_path: Path) -> Iterator[PrivatePostgres]:
    postgres = PrivatePostgres(tmp_path / "postgres.log")
    try:
        postgres.start()
        yield postgres
    finally:
        postgres.close()
