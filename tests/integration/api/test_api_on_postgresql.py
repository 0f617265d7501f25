"""Several requests and several processes at once, on one PostgreSQL store."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from api_process import SCHEDULE, ApiProcess, Queue, soon, tap

from libs.common.clock import utc_now
from libs.common.envelope import pack
from libs.common.messages import TimetableRequested
from libs.common.migrations import migrate, with_plumbing
from libs.common.publisher import ConfirmingPublisher
from libs.common.sealing import new_key
from libs.common.store import Store
from libs.common.topology import Topology
from services.api.tables import metadata


@pytest.fixture
def two(new_api: Callable[..., ApiProcess], broker_url: str, postgres_url: str) -> list[ApiProcess]:
    """Two processes that share a store."""
    key = new_key()
    with ThreadPoolExecutor() as pool:
        apis = list(pool.map(lambda _: new_api(broker_url, postgres_url, seal_keys=key), range(2)))
    apis[0].with_template()
    return apis


def test_the_history_ends_at_the_present_tables(postgres_url: str) -> None:
    store = Store(postgres_url)
    migrate(store, "services.api.migrations")
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []
    store.dispose()


def test_one_key_sent_many_times_at_once_is_one_report(two: list[ApiProcess], broker_url: str) -> None:
    def ask(number: int) -> str:
        body = {"report_type": "delays"}
        return str(two[number % 2].made("/reports/", body, **{"Idempotency-Key": "once"})["id"])

    with ThreadPoolExecutor(12) as pool:
        ids = set(pool.map(ask, range(24)))
    assert len(ids) == 1
    queue = Queue(broker_url, "reports.normal")
    soon(lambda: bool(queue.look()), "the command arrives")
    assert len(queue.bodies) == 1
    two[0].made("/reports/", {"report_type": "delays", "priority": "low"})
    low = Queue(broker_url, "reports.low")
    soon(lambda: len(low.look()) == 1, "a later command arrives")
    assert len(queue.look()) == 1


def test_the_last_announcement_of_a_schedule_holds_what_is_stored(two: list[ApiProcess], broker_url: str) -> None:
    events = tap(broker_url, "schedule.saved.#")
    path = f"/reports/schedules/{two[0].made('/reports/schedules/', SCHEDULE)['id']}"

    def change(number: int) -> int:
        http = two[number % 2].http
        changes: list[tuple[str, dict[str, Any]]] = [
            ("/templates/delays", {"title": f"Title {number}"}),
            (path, {"subject": f"Subject {number}"}),
            ("/sources/flights", {"max_rows": 1000 + number}),
        ]
        where, body = changes[number % 3]
        return http.patch(f"/api/v1{where}", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(change, range(30))) == {200}
    schedule = two[0].shown(path)
    assert schedule["version"] == 31
    soon(lambda: len(events.look()) == 31, "every announcement arrives")
    assert sorted(event["version"] for event in events.bodies) == list(range(1, 32))
    last = max(events.bodies, key=lambda event: event["version"])["order"]
    assert last["template"]["title"] == two[1].shown("/templates/delays")["title"]
    assert last["source"]["max_rows"] == two[1].shown("/sources/flights")["max_rows"]
    assert last["delivery"]["subject"] == schedule["subject"]


def test_a_store_that_goes_away_is_a_503_until_it_is_back(
    new_api: Callable[..., ApiProcess], broker_url: str, postgres_url: str
) -> None:
    api = new_api(broker_url, postgres_url)
    api.with_template()
    database = urlsplit(postgres_url).path.removeprefix("/")
    server = postgres_url.removesuffix(database) + "postgres"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{database}" WITH ALLOW_CONNECTIONS false')
        connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (database,))
        for answer in (api.http.get("/api/v1/sources/"), api.http.post("/api/v1/reports/", json={"report_type": "x"})):
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert answer.headers["Retry-After"]
            assert answer.json()["detail"] == (
                "The records or the files are away or busy for now; the same request may be sent again."
            )
        assert api.http.get("/health/ready").json()["failures"].keys() == {"records"}
        assert api.answers("/health/live")
        connection.execute(f'ALTER DATABASE "{database}" WITH ALLOW_CONNECTIONS true')
    assert api.shown("/sources/")["items"][0]["name"] == "flights"
    assert api.terminate() == 0


def test_a_lost_timetable_is_told_of_every_active_schedule_by_one_of_the_processes(
    two: list[ApiProcess], broker_url: str, postgres_url: str
) -> None:
    calendar = two[0].made("/calendars/", {"name": "Works", "country": "DE"})
    ids = {two[0].made("/reports/schedules/", {**SCHEDULE, "calendar": calendar["name"]})["id"] for _ in range(3)}
    two[0].made("/reports/schedules/", {**SCHEDULE, "active": False})
    events = tap(broker_url, "schedule.saved.#")

    publisher = ConfirmingPublisher(broker_url, Topology())
    request = pack(TimetableRequested(at=utc_now()), message_id=str(uuid4()), now=utc_now())
    assert publisher.publish([request]) == {request.message_id}
    publisher.close()

    soon(lambda: {event["schedule_id"] for event in events.look()} == ids, "all are announced again")
    assert [event["version"] for event in events.bodies] == [1, 1, 1]
    assert {event["timing"]["calendar"]["country"] for event in events.bodies} == {"DE"}
    metrics = two[0].http.get(f"http://127.0.0.1:{two[0].operations_port}/metrics").text
    assert "pressroom_occurrences_unaccounted 0.0" in metrics
