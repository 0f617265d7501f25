"""A mailer that tries again when the connection broke after the final dot: most of those letters had arrived."""

from __future__ import annotations

from typing import Any

from libs.common.errors import TransientFailure
from services.mailer import deliver
from services.mailer.answers import NoAnswer

_ending_of = deliver.ending_of


def _careless(error: Exception, *more: Any, **others: Any) -> Any:
    return _ending_of(TransientFailure(str(error)) if isinstance(error, NoAnswer) else error, *more, **others)


deliver.ending_of = _careless
