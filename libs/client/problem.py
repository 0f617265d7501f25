"""What can go wrong between a client and the API."""

from __future__ import annotations

from libs.common.errors import PermanentFailure, TransientFailure


class ApiProblem(PermanentFailure):
    """The API refused a request; the text is its sentence. `errors` are (field, sentence) pairs."""

    def __init__(self, status: int, detail: str, errors: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors


class Unreachable(TransientFailure):
    """The API did not answer in time, or was not ready to."""
