"""Every refusal is a problem (RFC 9457): one sentence that names the field and says what would be right."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Annotated, Self

import msgspec

MEDIA_TYPE = "application/problem+json"


class FieldError(msgspec.Struct, frozen=True):
    """One field that is not as it should be."""

    field: Annotated[str, msgspec.Meta(description="The field, as in `queries[0].sql`.")]
    detail: Annotated[str, msgspec.Meta(description="One sentence that says what would be right.")]


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Why a request was refused (RFC 9457). A refused request has changed nothing."""

    type: str = "about:blank"
    title: Annotated[str, msgspec.Meta(description="The meaning of the status.")]
    status: Annotated[int, msgspec.Meta(description="The HTTP status.")]
    detail: Annotated[str, msgspec.Meta(description="One sentence for people.")]
    errors: Annotated[list[FieldError], msgspec.Meta(description="Every field that is not as it should be.")]


class Refused(Exception):
    """A request that is answered with a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = dict(headers or {})

    def problem(self) -> Problem:
        """The body of the answer."""
        return Problem(title=self.status.phrase, status=self.status.value, detail=self.detail, errors=list(self.errors))


class Findings:
    """Collects what is wrong with a request and refuses it at the end of the `with` block, naming every field."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def add(self, field: str, detail: str) -> None:
        """Note that `field` is wrong; `detail` is a whole sentence."""
        self.errors.append(FieldError(field, detail))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None and self.errors:
            raise Refused(HTTPStatus.UNPROCESSABLE_ENTITY, self._detail(), tuple(self.errors))

    def _detail(self) -> str:
        others = len(self.errors) - 1
        more = f" ({others} more {'field is' if others == 1 else 'fields are'} wrong.)" if others else ""
        return self.errors[0].detail + more


def wrong(field: str, detail: str) -> Refused:
    """The refusal of a request for one field."""
    return Refused(HTTPStatus.UNPROCESSABLE_ENTITY, detail, (FieldError(field, detail),))


def missing(detail: str) -> Refused:
    """The answer when the thing that the path names is not there."""
    return Refused(HTTPStatus.NOT_FOUND, detail)


def conflict(detail: str) -> Refused:
    """The answer when the present state of things does not allow the request."""
    return Refused(HTTPStatus.CONFLICT, detail)


def gone(detail: str) -> Refused:
    """The answer when the thing was there once."""
    return Refused(HTTPStatus.GONE, detail)
