"""The application as it is served, on an empty store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from litestar.testing import TestClient

from libs.common.clock import utc_now
from libs.common.migrations import migrate
from libs.common.operations import Health
from libs.common.sealing import Sealer, new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.api.app import make_app, make_litestar
from services.api.people import create_token
from services.api.platform import Platform, readiness
from services.api.settings import ApiSettings


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("api")
    settings = ApiSettings(
        broker_url="amqp://nobody@localhost:1/",
        seal_keys=new_key(),
        api_store_url=f"sqlite:///{folder}/records.sqlite",
        artifacts_url=str(folder / "artifacts"),
        source_test_seconds=0,  # no generator is here to answer
        delivery_test_seconds=0,
        test_send_seconds=0,
        burst_check_seconds=0,
        template_check_seconds=0,
    )
    records, artifacts = Store(settings.api_store_url), ArtifactStorage(settings.artifacts_url)
    migrate(records, "services.api.migrations")
    health = Health({}, readiness(records, artifacts))
    yield Platform(settings, records, Sealer(settings.seal_keys), artifacts, health, utc_now)
    records.dispose()


@pytest.fixture(scope="session")
def anonymous(platform: Platform) -> Iterator[TestClient[Any]]:
    with TestClient(make_app(platform), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def client(platform: Platform) -> Iterator[TestClient[Any]]:
    with TestClient(make_app(platform), raise_server_exceptions=False) as client:
        client.headers["Authorization"] = f"Bearer {create_token(platform.records, 'admin', utc_now())}"
        yield client


@pytest.fixture(scope="session")
def document(client: TestClient[Any]) -> dict[str, Any]:
    """The OpenAPI document as a client gets it."""
    answer = client.get("/schema/openapi.json")
    assert answer.status_code == 200
    return dict(answer.json())


@pytest.fixture(scope="session")
def routes(platform: Platform) -> set[tuple[str, str]]:
    """Every method and path that the application answers to, apart from the document itself."""
    application = make_litestar(platform)
    return {
        (method, route.path_format)
        for route in application.routes
        for method in getattr(route, "methods", [])
        if method != "OPTIONS" and not route.path.startswith("/schema")
    }
