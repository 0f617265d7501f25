"""A bearer token guards everything but the health checks."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any

from litestar.concurrency import sync_to_thread
from litestar.connection import ASGIConnection
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from services.api.people import caller_of
from services.api.platform import Platform
from services.api.problems import Refused

OPEN_TO_ALL = "open_to_all"
"""Set in a route's `opt` to answer without a token."""

_BEARER = re.compile(r"bearer +(?P<token>[A-Za-z0-9._~+/=-]+) *", re.IGNORECASE)


class BearerTokens(AbstractAuthenticationMiddleware):
    """Finds the caller, or answers 401."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        super().__init__(app, exclude_from_auth_key=OPEN_TO_ALL)
        self._records = platform.records

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """The caller as the request's `user`."""
        header = connection.headers.get("Authorization")
        if header is None:
            raise _unknown("This needs a token: send the header Authorization: Bearer <token>.", "")
        given = _BEARER.fullmatch(header)
        if given is None:
            raise _unknown("The header Authorization must read: Bearer <token>.", ', error="invalid_request"')
        caller = await sync_to_thread(caller_of, self._records, given["token"])
        if caller is None:
            raise _unknown("This token is not valid (any more).", ', error="invalid_token"')
        return AuthenticationResult(user=caller, auth=None)


def _unknown(detail: str, error: str) -> Refused:
    return Refused(HTTPStatus.UNAUTHORIZED, detail, headers={"WWW-Authenticate": f'Bearer realm="pressroom"{error}'})
