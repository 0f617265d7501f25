"""The api on a real SQLite store, without a broker: what it would publish is in its outbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import dramatiq
import pytest
from httpx import Response
from litestar.testing import TestClient
from sqlalchemy import delete, event, func, select

from libs.common.messages import COMMANDS, Message, decode_event, read_command
from libs.common.migrations import migrate
from libs.common.operations import Health
from libs.common.outbox import outbox
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.api.app import make_app
from services.api.listener import HANDLERS
from services.api.people import create_token
from services.api.platform import Platform, readiness
from services.api.settings import ApiSettings
from services.api.tables import metadata

KEY = new_key()
STARTED = datetime(2026, 3, 2, 7, 30, tzinfo=UTC)  # a Monday


class Clock:
    """Stands still until somebody turns it."""

    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> datetime:
        self.now += timedelta(**by)
        return self.now


class Api:
    """Sends requests as the user admin, and looks into the store."""

    def __init__(self, client: TestClient[Any], platform: Platform) -> None:
        self.client = client
        self.platform = platform
        self.records = platform.records

    def get(self, path: str, **options: Any) -> Response:
        return self.client.get(f"/api/v1{path}", **options)

    def post(self, path: str, body: object, key: str | None = None) -> Response:
        headers = {"Idempotency-Key": key} if key is not None else {}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)

    def patch(self, path: str, body: object) -> Response:
        return self.client.patch(f"/api/v1{path}", json=body)

    def delete(self, path: str) -> Response:
        return self.client.delete(f"/api/v1{path}")

    def made(self, path: str, body: object, key: str | None = None) -> dict[str, Any]:
        """What a POST that must succeed has created."""
        answer = self.post(path, body, key)
        assert answer.status_code in (201, 202), answer.text
        return dict(answer.json())

    def announced(self) -> list[Message]:
        """Every message in the outbox, in order."""
        with self.records.read() as session:
            rows = session.execute(select(outbox.c.wire_name, outbox.c.body).order_by(outbox.c.id)).all()
        return [_message(row.wire_name, row.body) for row in rows]

    def stored(self) -> dict[str, int]:
        """How many rows each table has, the outbox included."""
        with self.records.read() as session:
            tables = [*metadata.sorted_tables, outbox]
            return {
                table.name: session.execute(select(func.count()).select_from(table)).scalar_one() for table in tables
            }

    def hear(self, *events: Any) -> None:
        """Let the listener handle events as it does in the service: each in a transaction of its own."""
        for told in events:
            with self.records.begin() as session:
                HANDLERS[type(told)](session, told)


def _message(wire_name: str, body: bytes) -> Message:
    told = decode_event(body, wire_name)
    if told is not None:
        return told
    command = dramatiq.Message.decode(body)
    return read_command(COMMANDS[wire_name], command.kwargs)


@pytest.fixture(scope="session")
def clock_of_the_session() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> ApiSettings:
    folder = tmp_path_factory.mktemp("api")
    return ApiSettings(
        broker_url="amqp://nobody@localhost:1/",
        seal_keys=KEY,
        api_store_url=f"sqlite:///{folder}/records.sqlite",
        artifacts_url=str(folder / "artifacts"),
        max_body_bytes=200_000,
        source_test_seconds=0,  # no generator is here to answer
        delivery_test_seconds=0,
        test_send_seconds=0,
        burst_check_seconds=0,
        template_check_seconds=0,
    )


@pytest.fixture(scope="session")
def platform(settings: ApiSettings, clock_of_the_session: Clock) -> Iterator[Platform]:
    """Made once, because assembling the application takes longer than most tests."""
    records, artifacts = Store(settings.api_store_url), ArtifactStorage(settings.artifacts_url)
    # No test here pulls the plug, and waiting for the disk would take most of the time.
    event.listen(records.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
    migrate(records, "services.api.migrations")
    health = Health({}, readiness(records, artifacts))
    yield Platform(settings, records, Sealer(settings.seal_keys), artifacts, health, clock_of_the_session)
    records.dispose()


@pytest.fixture(scope="session")
def client_of_the_session(platform: Platform) -> Iterator[TestClient[Any]]:
    with TestClient(make_app(platform), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def clock(clock_of_the_session: Clock) -> Clock:
    clock_of_the_session.now = STARTED
    return clock_of_the_session


@pytest.fixture
def records(platform: Platform) -> Store:
    """The store, empty."""
    with platform.records.begin() as session:
        for table in (outbox, *reversed(metadata.sorted_tables)):
            session.execute(delete(table))
    return platform.records


@pytest.fixture
def anonymous(client_of_the_session: TestClient[Any], records: Store, clock: Clock) -> TestClient[Any]:
    """A client without a token, on an empty store."""
    client_of_the_session.headers.pop("Authorization", None)
    return client_of_the_session


@pytest.fixture
def api(anonymous: TestClient[Any], platform: Platform) -> Api:
    anonymous.headers["Authorization"] = f"Bearer {create_token(platform.records, 'admin', STARTED)}"
    return Api(anonymous, platform)


@pytest.fixture
def source() -> dict[str, Any]:
    return {"name": "flights", "url": "postgresql://reader:s3cret-pw@db.example:5432/flights"}


@pytest.fixture
def template() -> dict[str, Any]:
    return {
        "slug": "delays",
        "title": "Delays by carrier",
        "source": "flights",
        "query": "SELECT carrier, avg(dep_delay) FROM flights WHERE month = :month GROUP BY carrier",
        "parameters": [{"name": "month", "type": "integer", "default": 1}],
        "formats": ["xlsx", "csv"],
    }


@pytest.fixture
def schedule() -> dict[str, Any]:
    return {
        "name": "Delays every morning",
        "report_type": "delays",
        "frequency": "daily",
        "schedule_config": {"hour": 8, "minute": 0},
        "timezone": "Europe/Berlin",
        "parameters": {"month": 5},
        "recipients": ["ann@example.com", {"address": "bob@example.com", "name": "Bob"}],
    }


@pytest.fixture
def with_template(api: Api, source: dict[str, Any], template: dict[str, Any]) -> Api:
    """The api with the source `flights` and the template `delays`."""
    api.made("/sources", source)
    api.made("/templates", template)
    return api


@pytest.fixture
def refused(with_template: Api) -> Callable[..., str]:
    """Sends a POST that must be refused for one field and must store nothing; returns the sentence."""

    def send(path: str, body: object, field: str, status: int = 422) -> str:
        before = with_template.stored()
        answer = with_template.post(path, body)
        assert answer.status_code == status, answer.text
        assert answer.headers["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert [error["field"] for error in problem["errors"]] == [field], problem
        assert problem["detail"] == problem["errors"][0]["detail"]
        assert with_template.stored() == before
        return str(problem["detail"])

    return send
