"""/health and /metrics, on the main port too."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from libs.common.metrics import REGISTRY_IN_USE
from libs.common.operations import health_body
from services.api.access import OPEN_TO_ALL
from services.api.controllers.common import Work, problems

OPEN: list[dict[str, list[str]]] = [{}]
"""No token is needed."""

FAILING = {503: ResponseSpec(dict[str, Any], description="`failures` says what is missing.", generate_examples=False)}


@get(
    "/health/live", tags=["operations"], opt={OPEN_TO_ALL: True}, security=OPEN, responses=FAILING, sync_to_thread=True
)
def live(platform: Work) -> Response[dict[str, Any]]:
    """Answer 200 as long as every part of this process works; 503 means that a restart is the cure."""
    return _answer(platform.health.live())


@get(
    "/health/ready", tags=["operations"], opt={OPEN_TO_ALL: True}, security=OPEN, responses=FAILING, sync_to_thread=True
)
def ready(platform: Work) -> Response[dict[str, Any]]:
    """Answer 200 if the records, the files and the broker are there; 503 says what is missing.

    Without the broker requests are still accepted; what they order leaves as soon as it is back.
    """
    return _answer(platform.health.ready())


@get("/metrics", tags=["operations"], responses=problems(401, 503), media_type="text/plain", sync_to_thread=True)
def metrics() -> Response[bytes]:
    """The metrics of this process, for Prometheus."""
    return Response(generate_latest(REGISTRY_IN_USE), headers={"Content-Type": CONTENT_TYPE_LATEST})


def _answer(failures: dict[str, str]) -> Response[dict[str, Any]]:
    return Response(health_body(failures), status_code=503 if failures else 200)
