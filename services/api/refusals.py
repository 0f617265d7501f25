"""Turns every failure of a request into a problem (RFC 9457)."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.params import ParameterKwarg
from litestar.types import ExceptionHandlersMap
from litestar.typing import FieldDefinition
from msgspec import inspect
from sqlalchemy.exc import IntegrityError

from libs.common.errors import PermanentFailure, TransientFailure
from services.api.problems import MEDIA_TYPE, Findings, Problem, Refused
from services.api.words import right, shown

log = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = 5

Asking = Request[Any, Any, Any]


def _refused(_: Asking, refused: Refused) -> Response[Problem]:
    return Response(refused.problem(), status_code=refused.status.value, media_type=MEDIA_TYPE, headers=refused.headers)


def _transient(request: Asking, failure: TransientFailure) -> Response[Problem]:
    log.warning("a request failed for now", extra={"path": request.url.path, "reason": str(failure)})
    detail = "The records or the files are away or busy for now; the same request may be sent again."
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return _refused(request, Refused(HTTPStatus.SERVICE_UNAVAILABLE, detail, headers=headers))


def _permanent(request: Asking, failure: PermanentFailure) -> Response[Problem]:
    return _refused(request, Refused(HTTPStatus.UNPROCESSABLE_ENTITY, str(failure)))


def _collision(request: Asking, error: IntegrityError) -> Response[Problem]:
    log.info("two requests collided", extra={"path": request.url.path, "reason": str(error.orig)})
    return _refused(
        request, Refused(HTTPStatus.CONFLICT, "Another request has just changed the same thing; try again.")
    )


def _invalid(request: Asking, error: ValidationException) -> Response[Problem]:
    """Litestar could not read the parameters of the query, the path or the headers."""
    found = [one for one in (error.extra or []) if isinstance(one, dict)]
    if any(one.get("key") == "data" for one in found):
        return _refused(request, Refused(HTTPStatus.BAD_REQUEST, "The body is not JSON: it is empty."))
    try:
        with Findings() as wrong:
            for one in found:
                name = str(one.get("key", "query"))
                wrong.add(*_about_parameter(request, name))
    except Refused as refused:
        return _refused(request, refused)
    return _refused(request, Refused(HTTPStatus.BAD_REQUEST, error.detail))


def _about_parameter(request: Asking, name: str) -> tuple[str, str]:
    field = request.route_handler.parsed_fn_signature.parameters.get(name)
    if field is None:
        return name, f"{name} cannot be read."
    definition = field.kwarg_definition
    if isinstance(definition, ParameterKwarg):
        name = definition.name or name
    value = request.query_params.get(name)
    instead = "" if value is None else f", not {shown(value)}"
    return name, f"{name} must be {right(_kind(field))}{instead}."


def _kind(field: FieldDefinition) -> inspect.Type:
    """What the parameter must be if it is given at all."""
    definition, kind = field.kwarg_definition, inspect.type_info(field.annotation)
    if isinstance(kind, inspect.UnionType):
        kind = inspect.UnionType(tuple(one for one in kind.types if not isinstance(one, inspect.NoneType)))
    if isinstance(kind, inspect.IntType) and isinstance(definition, ParameterKwarg):
        kind = inspect.IntType(ge=_whole(definition.ge), le=_whole(definition.le))
    return kind


def _whole(number: float | None) -> int | None:
    return None if number is None else int(number)


def _http(request: Asking, error: HTTPException) -> Response[Problem]:
    status = HTTPStatus(error.status_code)
    headers = dict(error.headers or {})
    if status == HTTPStatus.NOT_FOUND:
        detail = f"There is nothing at {request.url.path}; see /schema/openapi.json for what there is."
    elif status == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = ", ".join(sorted(one.strip() for one in headers.get("allow", "").split(",")))
        detail = f"{request.url.path} does not answer to {request.method}; it does to {allowed}."
    elif status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        most = request.route_handler.resolve_request_max_body_size()
        detail = f"The body is too large; it may have at most {most:,} bytes."
    else:
        detail = error.detail or status.phrase
    return _refused(request, Refused(status, detail, headers=headers))


def _unexpected(request: Asking, error: Exception) -> Response[Problem]:
    failure_id = str(uuid4())
    log.error(
        "a request failed unexpectedly",
        extra={"failure_id": failure_id, "method": request.method, "path": request.url.path},
        exc_info=error,
    )
    detail = f"Something went wrong on our side; the log of the api knows it as {failure_id}."
    return _refused(request, Refused(HTTPStatus.INTERNAL_SERVER_ERROR, detail))


EXCEPTION_HANDLERS: ExceptionHandlersMap = {
    Refused: _refused,
    TransientFailure: _transient,
    PermanentFailure: _permanent,
    IntegrityError: _collision,
    ValidationException: _invalid,
    HTTPException: _http,
    Exception: _unexpected,
}
