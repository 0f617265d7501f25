"""Pressroom as its users see it: the API, the mailbox and the files."""

from __future__ import annotations

import email
import email.policy
import os
import signal
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

from libs.client import Pressroom
from libs.client.answers import Occurrence, Report, Schedule
from libs.local.instance import Instance

T = TypeVar("T")

ORDERS = "SELECT id, customer, day, amount FROM orders WHERE id >= :least ORDER BY id"
PATIENCE_SECONDS = 90.0


class World:
    """One running instance and a client of it."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self.api = Pressroom(instance.api_url, instance.admin_token, patience_seconds=30)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.api.close()

    def describe(self, shop: Path) -> None:
        """Tell Pressroom about the shop."""
        self.api.create_source("shop", f"sqlite:///{shop}")
        self.api.create_template(
            "orders",
            title="Orders",
            source="shop",
            query=ORDERS,
            parameters=[{"name": "least", "type": "integer", "default": 0}],
            formats=["xlsx", "csv", "pdf"],
        )

    def schedule_once(self, name: str, *, seconds: float = 1.0, **fields: Any) -> Schedule:
        """A schedule that is due in so many seconds."""
        at = (datetime.now(UTC) + timedelta(seconds=seconds)).isoformat()
        return self.api.create_schedule(name, "orders", frequency="once", schedule_config={"at": at}, **fields)

    def occurrence(self, schedule_id: UUID) -> Occurrence:
        """The one occurrence of a schedule, once it has ended."""

        def ended() -> Occurrence | None:
            found = self.api.executions(schedule_id)
            assert len(found) <= 1, found
            return found[0] if found and found[0].status != "started" else None

        return eventually(ended)

    def report(self, report_id: UUID) -> Report:
        """A report, once it has ended."""
        return self.api.wait_for_report(report_id, timeout_seconds=PATIENCE_SECONDS)

    def letters(self) -> list[EmailMessage]:
        """What has arrived in the mailbox."""
        folder = Path(self.instance.addresses.mail_folder)
        return [
            email.message_from_bytes(path.read_bytes(), policy=email.policy.default)  # type: ignore[misc]
            for path in sorted(folder.glob("*.eml"))
        ]

    def letters_to(self, address: str) -> list[EmailMessage]:
        """What has arrived for one recipient."""
        return [letter for letter in self.letters() if address in str(letter["To"])]

    def letters_by_address(self, domain: str) -> Counter[str]:
        """How many letters each address of `domain` has got."""
        return Counter(str(letter["To"]) for letter in self.letters() if str(letter["To"]).endswith(domain))

    def kill(self, service: str) -> int:
        """SIGKILL, as the kernel does it when memory runs out; the process id it had."""
        pid = eventually(lambda: self.instance.pid(service) or None)
        os.kill(pid, signal.SIGKILL)
        return pid


def eventually(look: Callable[[], T | None], timeout_seconds: float = PATIENCE_SECONDS) -> T:
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + timeout_seconds
    while (found := look()) is None:
        assert time.monotonic() < deadline, f"waited {timeout_seconds:g} s in vain"
        time.sleep(0.05)
    return found
