from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import UUID

import pytest

from libs.common.clock import utc_now
from libs.common.messages import GenerateReport, Query, ReportOrder, Source, Template
from libs.common.migrations import migrate
from libs.common.store import Store
from services.generator.journal import Journal
from services.generator.slots import hold, slot_source

GENERATORS, ALLOWED = 8, 3


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    migrate(store, "services.generator.migrations")
    yield store
    store.dispose()


def order(number: int) -> GenerateReport:
    return GenerateReport(
        report_id=UUID(int=number),
        order=ReportOrder(
            template=Template(template_id=UUID(int=1), slug="s", title="S", queries=(Query(name="Q", sql="SELECT 1"),)),
            source=Source(source_id=UUID(int=2**127 + 5), name="shop", sealed_url="x", concurrency=ALLOWED),
        ),
        requested_at=utc_now(),
    )


def test_generators_that_ask_together_never_take_more_slots_than_there_are(store: Store) -> None:
    """Each of them sees what the others have taken, although none has committed when it begins."""
    together = threading.Barrier(GENERATORS)

    def take(number: int) -> bool:
        journal, command = Journal(store, f"generator {number}"), order(number)
        together.wait()
        now = utc_now()
        with journal.begin() as session:
            if hold(session, command, now) is not None:
                return False
            return journal.claim(session, command.report_id, now, slot_source(command)).standing == "claimed"

    with ThreadPoolExecutor(GENERATORS) as generators:
        taken = list(generators.map(take, range(1, GENERATORS + 1)))
    assert sum(taken) == ALLOWED

    first = taken.index(True) + 1
    journal, now = Journal(store, f"generator {first}"), utc_now() + timedelta(seconds=1)
    with journal.begin() as session:
        assert hold(session, order(99), now) is not None
        assert journal.end(session, UUID(int=first), 1, "finished", now, result=[])
        assert hold(session, order(99), now) is None
