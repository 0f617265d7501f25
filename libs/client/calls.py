"""What all requests share: the connection, keys, pages, tests that somebody answers later."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote
from uuid import UUID, uuid4

import msgspec

from libs.client.problem import Unreachable
from libs.client.transport import Transport
from libs.common.errors import SettingsError

T = TypeVar("T")

API = "/api/v1"


class _Page(msgspec.Struct):
    items: list[Any]
    next: str | None


class _Test(Protocol):
    """A test that is `pending` until somebody has answered."""

    @property
    def status(self) -> str: ...

    @property
    def url(self) -> str: ...


A = TypeVar("A", bound=_Test)


class Calls:
    """The API at `url`. Without arguments: PRESSROOM_URL and PRESSROOM_TOKEN of the environment."""

    def __init__(self, url: str = "", token: str = "", *, patience_seconds: float = 30.0) -> None:
        token = token or os.environ.get("PRESSROOM_TOKEN", "")
        if not token:
            raise SettingsError("PRESSROOM_TOKEN is not set; it must hold a bearer token of the api.")
        url = url or os.environ.get("PRESSROOM_URL", "") or "http://127.0.0.1:8000"
        self._transport = Transport(url, token, patience_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def _get(self, path: str, answer: type[T], query: Any = None) -> T:
        return self._transport.call("GET", f"{API}/{path}", answer, query=query)

    def _create(self, path: str, answer: type[T], body: Mapping[str, Any], key: str = "") -> T:
        return self._transport.call("POST", f"{API}/{path}", answer, body=body, key=key or str(uuid4()))

    def _change(self, path: str, answer: type[T], changes: Mapping[str, Any]) -> T:
        return self._transport.call("PATCH", f"{API}/{path}", answer, body=changes)

    def _delete(self, path: str) -> None:
        self._transport.delete(f"{API}/{path}")

    def _pages(self, path: str, kind: type[T], **query: Any) -> Iterator[T]:
        page = self._get(path, _Page, query)
        while True:
            yield from msgspec.convert(page.items, list[kind])  # type: ignore[valid-type]
            if page.next is None:
                return
            page = self._transport.call("GET", page.next, _Page)

    def _answered(self, test: A, who: str, about: str, timeout_seconds: float) -> A:
        """The test once it is answered; Unreachable if it is not in time."""
        deadline = time.monotonic() + timeout_seconds
        while test.status == "pending":
            if time.monotonic() > deadline:
                raise Unreachable(f"No {who} has tested {about} within {timeout_seconds:g} s.")
            time.sleep(0.2)
            test = self._transport.call("GET", test.url, type(test))
        return test


def step(name: UUID | str) -> str:
    """A name as one step of a path."""
    return quote(str(name), safe="")
