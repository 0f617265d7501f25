"""What the mailer's integration tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mailer_world import MailerWorld

from libs.mailsink import MailSink


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters") as sink:
        yield sink


@pytest.fixture
def world(tmp_path: Path, broker_url: str, sink: MailSink) -> Iterator[MailerWorld]:
    world = MailerWorld(tmp_path, broker_url, sink)
    yield world
    world.close()
