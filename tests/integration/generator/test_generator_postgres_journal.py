from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from libs.common.messages import ArtifactsExpired
from libs.common.migrations import migrate, with_plumbing
from libs.common.outbox import outbox
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.generator.expiry import clean
from services.generator.journal import LEASE, Cancellation, Claim, Journal, Kept
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


def test_a_report_that_is_claimed_and_cancelled_at_once_has_one_fate(store: Store) -> None:
    def cancel(report_id: UUID) -> int | None:
        journal = Journal(store, "listener")
        with journal.begin() as session:
            return journal.cancel(session, report_id, Cancellation("ann"), NOON)

    for report_id in (uuid4() for _ in range(20)):
        with ThreadPoolExecutor(2) as threads:
            claiming = threads.submit(claim, store, "worker", report_id)
            cancelling = threads.submit(cancel, report_id)
        standing, over = claiming.result().standing, cancelling.result()
        at_work = Journal(store, "worker").cancellations([(report_id, 1)]).keys()
        if standing == "claimed":
            assert (over, (report_id, 1) in at_work) == (None, True)
        else:
            assert (standing, over, (report_id, 1) in at_work) == ("finished", 0, False)


def test_several_generators_clean_up_together_and_each_file_is_told_once(store: Store, tmp_path: Path) -> None:
    storage, journal = ArtifactStorage(str(tmp_path / "artifacts")), Journal(store, "one")
    (tmp_path / "file").write_text("rows")
    reports = [uuid4() for _ in range(250)]
    for report_id in reports:
        claim(store, "one", report_id)
        key = f"reports/2026/05/05/{report_id}/1/a.csv"
        if report_id in reports[:20]:
            storage.put_file(key, tmp_path / "file")
        with journal.begin() as session:
            kept = Kept(expires_at=NOON + SECOND)
            assert journal.end(session, report_id, 1, "finished", NOON, result=[{"key": key}], kept=kept)

    def tidy(owner: str) -> None:
        while clean(Journal(store, owner), storage, lambda: NOON + SECOND):
            pass

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(tidy, ("one", "two", "three")))
    with store.read() as session:
        bodies = session.execute(select(outbox.c.body).where(outbox.c.wire_name == "artifacts.expired.v1")).scalars()
        told = [msgspec.json.decode(body, type=ArtifactsExpired).report_id for body in bodies]
    assert sorted(told) == sorted(reports)
    assert not [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]


def test_the_migrations_make_the_tables(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
