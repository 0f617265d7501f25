"""What the mailer's unit tests share: one command, and a ledger on an empty SQLite file."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from letter_world import CONTENTS

from libs.common.messages import Artifact, DeliverReport, Recipient
from libs.common.migrations import migrate
from libs.common.store import Store

COMMAND = DeliverReport(
    delivery_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000001"),
    report_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000002"),
    schedule_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000003"),
    title="Delays by carrier",
    channel="email",
    recipient=Recipient(address="ada@example.org", name="Ada Lovelace"),
    artifacts=(
        Artifact(
            key="reports/1/delays.xlsx",
            filename="delays.xlsx",
            format="xlsx",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            size_bytes=8_312,
            rows=16,
            sha256=hashlib.sha256(CONTENTS["reports/1/delays.xlsx"]).hexdigest(),
        ),
        Artifact(
            key="reports/1/delays.csv",
            filename="delays.csv",
            format="csv",
            media_type="text/csv; charset=utf-8",
            size_bytes=812,
            rows=16,
            sha256=hashlib.sha256(CONTENTS["reports/1/delays.csv"]).hexdigest(),
        ),
    ),
    scheduled_for=datetime(2026, 3, 2, 7, tzinfo=UTC),
    generated_at=datetime(2026, 3, 2, 7, 0, 12, tzinfo=UTC),
)


@pytest.fixture(scope="session")
def make_command() -> Callable[..., DeliverReport]:
    """Makes the command with other values in some of its fields."""
    return lambda **changes: msgspec.structs.replace(COMMAND, **changes)


@pytest.fixture
def ledger_store(tmp_path: Path) -> Iterator[Store]:
    store = Store(f"sqlite:///{tmp_path}/ledger.sqlite")
    migrate(store, "services.mailer.migrations")
    yield store
    store.dispose()
