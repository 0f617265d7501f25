from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from libs.common.migrations import migrate, with_plumbing
from libs.common.store import Store
from services.generator.journal import LEASE, Claim, Journal
from services.generator.tables import metadata

NOON = datetime(2026, 5, 5, 12, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.fixture
def store(postgres_url: str) -> Iterator[Store]:
    store = Store(postgres_url)
    migrate(store, "services.generator.migrations")
    yield store
    store.dispose()


def claim(store: Store, owner: str, report_id: UUID, now: datetime = NOON) -> Claim:
    journal = Journal(store, owner)
    with journal.begin() as session:
        return journal.claim(session, report_id, now)


def test_of_many_that_claim_at_once_one_gets_the_report(store: Store) -> None:
    for report_id in (uuid4() for _ in range(10)):
        with ThreadPoolExecutor(8) as threads:
            claims = list(threads.map(lambda number, it=report_id: claim(store, f"owner {number}", it), range(8)))
        assert sorted(found.standing for found in claims) == ["busy"] * 7 + ["claimed"]


def test_a_lease_is_renewed_until_somebody_else_has_it(store: Store) -> None:
    mine, other = uuid4(), uuid4()
    assert claim(store, "one", mine).attempt == claim(store, "one", other).attempt == 1
    journal = Journal(store, "one")
    assert journal.renew({(mine, 1), (other, 1)}, NOON + LEASE) == {(mine, 1), (other, 1)}
    assert claim(store, "two", mine, NOON + 2 * LEASE - SECOND).standing == "busy"
    assert claim(store, "two", mine, NOON + 2 * LEASE + SECOND) == Claim("claimed", attempt=2, deaths=1)
    assert journal.renew({(mine, 1), (other, 1)}, NOON + 2 * LEASE) == {(other, 1)}
    with journal.begin() as session:
        assert not journal.end(session, mine, 1, "finished", NOON)
        assert journal.end(session, other, 1, "finished", NOON, result=[{"key": "x"}])
    assert claim(store, "two", other).standing == "finished"


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
