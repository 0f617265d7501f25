"""Requests that survive a restart of the API: they are repeated, and every POST carries an Idempotency-Key."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, TypeVar

import httpx
import msgspec

from libs.client.problem import ApiProblem, Unreachable

T = TypeVar("T")

_PAUSES_SECONDS = (0.1, 0.2, 0.4, 0.8, 1.5)
_AWAY = frozenset((502, 503, 504))


class _Problem(msgspec.Struct):
    detail: str = ""
    errors: list[dict[str, str]] = []


class Transport:
    """One HTTP client for `url`. A request is repeated for up to `patience_seconds` while the API is away."""

    def __init__(
        self,
        url: str,
        token: str,
        patience_seconds: float,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
        self._patience_seconds = patience_seconds
        self._monotonic = monotonic
        self._sleep = sleep

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def call(self, method: str, path: str, answer: type[T], *, body: Any = None, key: str = "", query: Any = None) -> T:
        """The answer to a request; ApiProblem if it is refused, Unreachable if the API stays away."""
        headers = {"Idempotency-Key": key} if key else {}
        content = None if body is None else msgspec.json.encode(body)
        if content is not None:
            headers["Content-Type"] = "application/json"
        response = self._patiently(
            lambda: _checked(self._http.request(method, path, content=content, headers=headers, params=query))
        )
        return msgspec.json.decode(response.content, type=answer)

    def send(
        self, method: str, path: str, content: bytes, answer: type[T], media_type: str = "application/octet-stream"
    ) -> T:
        """The answer to a request whose body is a file."""
        headers = {"Content-Type": media_type}
        response = self._patiently(lambda: _checked(self._http.request(method, path, content=content, headers=headers)))
        return msgspec.json.decode(response.content, type=answer)

    def delete(self, path: str) -> None:
        """Make sure that the thing is gone. A repetition that finds nothing is no failure: an earlier try arrived."""
        tries = 0

        def once() -> None:
            nonlocal tries
            tries += 1
            response = self._http.request("DELETE", path)
            if response.status_code != HTTPStatus.NOT_FOUND or tries == 1:
                _checked(response)

        self._patiently(once)

    def save(self, path: str, file: Path, sha256: str) -> None:
        """Write what is at `path` to `file`, which appears only once it is whole; a broken transfer begins again."""
        self._patiently(lambda: self._save(path, file, sha256))

    def _save(self, path: str, file: Path, sha256: str) -> None:
        part, digest = file.with_name(f"{file.name}.part"), hashlib.sha256()
        try:
            with self._http.stream("GET", path) as response, part.open("wb") as pieces:
                if response.is_error:
                    response.read()
                _checked(response)
                for piece in response.iter_bytes():
                    digest.update(piece)
                    pieces.write(piece)
            if digest.hexdigest() != sha256:
                raise Unreachable(f"The file {file.name} arrived with other bytes than the report was made with.")
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)

    def _patiently(self, send: Callable[[], T]) -> T:
        deadline = self._monotonic() + self._patience_seconds
        for pause in _pauses():
            try:
                return send()
            except httpx.TransportError as error:
                failure = Unreachable(f"The API at {self._http.base_url} does not answer: {error}")
            except Unreachable as error:
                failure = error
            if self._monotonic() + pause > deadline:
                raise failure
            self._sleep(pause)
        raise AssertionError("the pauses never end")


def _checked(response: httpx.Response) -> httpx.Response:
    if response.status_code in _AWAY:
        raise Unreachable(f"The API is not ready: {_problem(response)}")
    if response.is_error:
        raise _problem(response)
    return response


def _pauses() -> Iterator[float]:
    yield from _PAUSES_SECONDS
    while True:
        yield _PAUSES_SECONDS[-1]


def _problem(response: httpx.Response) -> ApiProblem:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        problem = _Problem()
    errors: tuple[Mapping[str, str], ...] = tuple(problem.errors)
    return ApiProblem(
        response.status_code,
        problem.detail or f"The API answered {response.status_code} {response.reason_phrase}.",
        tuple((error.get("field", ""), error.get("detail", "")) for error in errors),
    )
