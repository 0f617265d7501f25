"""What the routes share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import HeaderParameter, SkipValidation

from services.api.once import HEADER
from services.api.people import Caller
from services.api.platform import Platform
from services.api.problems import MEDIA_TYPE, Problem

Work = NamedDependency[SkipValidation[Platform]]
"""What a handler works with."""

By = NamedDependency[SkipValidation[Caller]]
"""Who sent the request."""

Key = Annotated[
    str | None,
    HeaderParameter(
        name=HEADER,
        description="Any text, unique per request: a repetition returns what the first one created.",
    ),
]
"""The Idempotency-Key of a request that creates."""

Asking = Request[Caller, Any, Any]


def provide_caller(request: Asking) -> Caller:
    """Who sent the request."""
    return request.user


def problems(*statuses: int) -> Mapping[int, ResponseSpec]:
    """The refusals of a route, for the OpenAPI document."""
    return {
        status: ResponseSpec(Problem, description=_MEANING[status], media_type=MEDIA_TYPE, generate_examples=False)
        for status in statuses
    }


_MEANING = {
    400: "The request cannot be read, for example because its body is not JSON.",
    401: "There is no valid bearer token.",
    404: "There is no such thing.",
    405: "The path has no such method.",
    409: "The present state of things does not allow it.",
    410: "What was asked for is gone.",
    413: "The body is too large.",
    415: "The body is of a kind that is not read here.",
    422: "A field is not as it should be; `errors` names each.",
    503: "The records or the files are away for now; the same request may be sent again.",
}

READS = problems(400, 401, 404, 422, 503)
"""The refusals of a route that reads."""

WRITES = problems(400, 401, 404, 409, 413, 422, 503)
"""The refusals of a route that changes something."""

CREATES = problems(400, 401, 409, 410, 413, 422, 503)
"""The refusals of a route that creates something."""

DELETES = problems(400, 401, 404, 409, 503)
"""The refusals of a route that deletes something."""
