"""What a schedule remembers, in PostgreSQL, where two generators write at the very same time."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from uuid import UUID

import pytest

from libs.common.migrations import migrate
from libs.common.store import Store
from services.generator.judging.precedent import Precedent
from services.generator.precedents import recall, remember, remember_release

SCHEDULE = UUID(int=5)
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
FIRED = Precedent(
    template_id=UUID(int=1), is_armed=False, sent_for=NOON, digest="abc", measures={"Sales": {"rows": "12"}}
)


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    migrate(store, "services.generator.migrations")
    yield store
    store.dispose()


def test_of_those_that_judged_by_the_same_memory_one_may_write(store: Store) -> None:
    for number in range(5):
        with store.read() as session:
            before = recall(session, SCHEDULE)
        assert before.version == number
        together = Barrier(4)

        def write(before: Precedent = before, together: Barrier = together) -> bool:
            with store.begin() as session:
                together.wait(60)
                return remember(session, SCHEDULE, replace(FIRED, version=before.version), NOON)

        with ThreadPoolExecutor(4) as writers:
            assert sorted(one.result() for one in [writers.submit(write) for _ in range(4)]) == [False] * 3 + [True]
    with store.read() as session:
        assert recall(session, SCHEDULE) == replace(FIRED, version=5)


def test_a_release_does_not_overwrite_what_was_sent_for_a_later_moment(store: Store) -> None:
    held = replace(FIRED, digest="held")
    with store.begin() as session:
        remember_release(session, SCHEDULE, held, NOON)
        assert recall(session, SCHEDULE).digest == "held"
        later = replace(FIRED, version=1, sent_for=NOON + timedelta(hours=1), digest="later", is_armed=True)
        assert remember(session, SCHEDULE, later, NOON)
        remember_release(session, SCHEDULE, held, NOON)
        assert recall(session, SCHEDULE) == replace(later, version=2)
