"""Orders, and generators as real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from generator_process import Installation


@pytest.fixture
def installation(broker_url: str, tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path, broker_url)
    yield installation
    installation.close()
