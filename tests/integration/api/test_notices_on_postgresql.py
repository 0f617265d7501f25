"""Several desks on one PostgreSQL store: every happening is told, and nothing is told twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from litestar.testing import TestClient
from sqlalchemy import func, select, update

from libs.common.ids import occurrence_id
from libs.common.migrations import migrate
from libs.common.operations import Health
from libs.common.outbox import outbox
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.api.app import make_app
from services.api.notices.desk import NoticeDesk
from services.api.notices.happenings import on_happening
from services.api.people import create_token
from services.api.platform import Platform, readiness
from services.api.settings import ApiSettings
from services.api.tables import HappeningRow, NoticeRow, OccurrenceRow, UserRow

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
SEVEN = datetime(2026, 3, 3, 7, tzinfo=UTC)
SCHEDULES = 12
DESKS = 4


class Watch:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def platform(postgres_url: str, tmp_path: Path) -> Iterator[Platform]:
    settings = ApiSettings(
        broker_url="amqp://nobody@localhost:1/",
        seal_keys=new_key(),
        api_store_url=postgres_url,
        artifacts_url=str(tmp_path / "artifacts"),
        template_check_seconds=0,
    )
    records, artifacts = Store(settings.api_store_url), ArtifactStorage(settings.artifacts_url)
    migrate(records, "services.api.migrations")
    health = Health({}, readiness(records, artifacts))
    yield Platform(settings, records, Sealer(settings.seal_keys), artifacts, health, Watch())
    records.dispose()


def made(platform: Platform) -> list[UUID]:
    """The schedules of one owner who wants digests too; their ids."""
    body: dict[str, Any] = {"report_type": "delays", "frequency": "daily", "schedule_config": {"hour": 8}}
    body |= {"recipients": ["bob@example.org"], "notify": {"on": ["failed"], "digest": True}}
    with TestClient(make_app(platform)) as client:
        client.headers["Authorization"] = f"Bearer {create_token(platform.records, 'ann', NOON)}"

        def post(path: str, body: dict[str, Any]) -> dict[str, Any]:
            answer = client.post(f"/api/v1{path}", json=body)
            assert answer.status_code == 201, answer.text
            return dict(answer.json())

        post("/sources", {"name": "flights", "url": "postgresql://reader@db.example/flights"})
        post("/templates", {"slug": "delays", "title": "Delays", "source": "flights", "query": "SELECT 1"})
        ids = [UUID(post("/reports/schedules/", {**body, "name": f"S{number}"})["id"]) for number in range(SCHEDULES)]
    with platform.records.begin() as session:
        session.execute(update(UserRow).where(UserRow.name == "ann").values(email="ann@example.org"))
    return ids


def look(platform: Platform, desks: list[NoticeDesk], now: datetime) -> Counter[str]:
    """All desks look at the same time, until nobody finds anything; the notices there are then, by cause."""
    platform.clock.now = now  # type: ignore[attr-defined]
    with ThreadPoolExecutor(DESKS) as pool:
        while any(pool.map(NoticeDesk.step, desks)):
            pass
    with platform.records.read() as session:
        found = session.execute(select(NoticeRow.cause, func.count()).group_by(NoticeRow.cause))
        return Counter(dict(found.all()))


def test_many_desks_tell_each_thing_once(platform: Platform) -> None:
    ids = made(platform)
    desks = [NoticeDesk(platform) for _ in range(DESKS)]
    look(platform, desks, NOON)
    with platform.records.begin() as session:
        for schedule_id in ids:
            for number in range(5):
                at = NOON + timedelta(minutes=number)
                on_happening(session, "failed", schedule_id, at=at, key=str(number), reason="No such table.")
            values = {"id": occurrence_id(schedule_id, NOON), "schedule_id": schedule_id, "schedule_version": 1}
            values |= {"status": "failed", "scheduled_for": NOON, "claimed_at": NOON}
            session.add(OccurrenceRow(**values, ended_at=NOON + timedelta(minutes=1)))

    assert look(platform, desks, NOON + timedelta(minutes=10)) == {"failed": SCHEDULES}
    with platform.records.begin() as session:
        for schedule_id in ids:
            on_happening(session, "failed", schedule_id, at=NOON + timedelta(minutes=11), key="late")
    assert look(platform, desks, NOON + timedelta(minutes=20)) == {"failed": SCHEDULES}
    assert look(platform, desks, NOON + timedelta(minutes=75)) == {"failed": 2 * SCHEDULES}
    assert look(platform, desks, SEVEN) == {"failed": 2 * SCHEDULES, "digest": 1}
    assert look(platform, desks, SEVEN + timedelta(days=1)) == {"failed": 2 * SCHEDULES, "digest": 1}
    with platform.records.read() as session:
        waiting = session.execute(select(func.count()).where(HappeningRow.tell_at.is_not(None))).scalar_one()
        ordered = session.execute(select(func.count()).where(outbox.c.wire_name == "send_notice.v1")).scalar_one()
        subject = session.execute(select(NoticeRow.subject).where(NoticeRow.cause == "digest")).scalar_one()
    assert (waiting, ordered) == (0, 2 * SCHEDULES + 1)
    assert subject == f"Digest: {SCHEDULES} failed"
