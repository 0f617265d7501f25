"""What people do while things break: schedules, reports that are asked for, cancellations. Seeded and repeatable."""

from __future__ import annotations

import random
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from chaos_world import Chaos, make_shop

from libs.client.problem import ApiProblem, Unreachable

GOOD = "SELECT id, customer, amount FROM orders WHERE id < :most ORDER BY id"
BROKEN = "SELECT nothing FROM orders"
SHARE_OF_BROKEN = 0.04
SHARE_OF_CANCELLED = 0.05
SHARE_OF_SCHEDULES = 0.25
PAUSE_SECONDS = 0.15


@dataclass
class Accepted:
    """What Pressroom has accepted, by what it answered, and what it must therefore account for."""

    reports: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    """The recipients of each report that was asked for."""
    schedules: dict[UUID, tuple[str, ...]] = field(default_factory=dict)
    """The recipients of each schedule, which is due once."""
    broken: set[UUID] = field(default_factory=set)
    """Those whose query cannot work."""
    cancelled: set[UUID] = field(default_factory=set)
    refused: int = 0


class Load:
    """A thread that asks for one thing after the other, until it is told to stop."""

    def __init__(self, chaos: Chaos, seed: int) -> None:
        self.accepted = Accepted()
        self._chaos = chaos
        self._random = random.Random(seed)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="load", daemon=True)
        self._number = 0
        self.failure: BaseException | None = None

    def prepare(self) -> None:
        """Tell Pressroom what there is to report on."""
        shop = self._chaos.folder / "shop.sqlite"
        make_shop(shop)
        describe(self._chaos, shop)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> Accepted:
        """End, and tell what was accepted."""
        self._stopping.set()
        self._thread.join()
        if self.failure is not None:
            raise self.failure
        return self.accepted

    def _run(self) -> None:
        try:
            while not self._stopping.wait(self._random.uniform(0, 2 * PAUSE_SECONDS)):
                self._ask()
        except BaseException as failure:
            self.failure = failure

    def _ask(self) -> None:
        self._number += 1
        to = tuple(f"reader{self._number}-{one}@example.org" for one in range(self._random.choice((1, 1, 2, 3))))
        broken = self._random.random() < SHARE_OF_BROKEN
        template = "broken" if broken else "orders"
        try:
            if self._random.random() < SHARE_OF_SCHEDULES:
                self._schedule(template, to, broken)
            else:
                self._report(template, to, broken)
        except (ApiProblem, Unreachable):
            # The client repeated it with one Idempotency-Key until its patience ended: nobody was promised anything.
            self.accepted.refused += 1

    def _schedule(self, template: str, to: tuple[str, ...], broken: bool) -> None:
        at = datetime.now(UTC) + timedelta(seconds=self._random.uniform(2, 6))
        made = self._chaos.api.create_schedule(
            f"Load {self._number}",
            template,
            frequency="once",
            schedule_config={"at": at.isoformat()},
            recipients=list(to),
            formats=["csv"],
        )
        self.accepted.schedules[made.id] = to
        if broken:
            self.accepted.broken.add(made.id)

    def _report(self, template: str, to: tuple[str, ...], broken: bool) -> None:
        priority = self._random.choice(("urgent", "high", "normal", "normal", "low"))
        made = self._chaos.api.order_report(template, recipients=list(to), priority=priority, formats=["csv"])
        self.accepted.reports[made.id] = to
        if broken:
            self.accepted.broken.add(made.id)
        if self._random.random() < SHARE_OF_CANCELLED:
            try:
                self._chaos.api.cancel_report(made.id, "somebody changed their mind")
            except ApiProblem:
                return  # it had ended already
            self.accepted.cancelled.add(made.id)


def describe(chaos: Chaos, shop: Path) -> None:
    """A source, a template that works and one that cannot."""
    chaos.api.create_source("shop", f"sqlite:///{shop}")
    chaos.api.create_template(
        "orders",
        title="Orders",
        source="shop",
        query=GOOD,
        parameters=[{"name": "most", "type": "integer", "default": 50}],
    )
    chaos.api.create_template("broken", title="Broken", source="shop", query=BROKEN)
