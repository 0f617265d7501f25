"""One JSON object per line: a constant sentence, with the facts beside it.

`bound(report_id=…)` puts facts on every line that is logged inside it, in this thread or task.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from pythonjsonlogger.json import JsonFormatter

_NO_FACTS: Mapping[str, object] = MappingProxyType({})
_facts: ContextVar[Mapping[str, object]] = ContextVar("pressroom_log_facts", default=_NO_FACTS)
_credentials = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s/@]+@", re.IGNORECASE)

# pika logs each attempt to connect as an error with its stack, dramatiq whole commands. Our own lines say enough.
_NOISY = ("pika", "amqp", "kombu", "alembic", "httpx", "httpcore", "dramatiq")


def configure(service: str, level: str) -> None:
    """Write the log of this process to standard output, from `level` up."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_Formatter(service))
    handler.addFilter(_Calm(time.monotonic))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(logging.CRITICAL if name == "pika" else logging.WARNING)


@contextmanager
def bound(**facts: object) -> Iterator[None]:
    """Every line logged inside carries `facts`."""
    token = _facts.set({**_facts.get(), **{name: _plain(value) for name, value in facts.items()}})
    try:
        yield
    finally:
        _facts.reset(token)


def without_credentials(text: str) -> str:
    """`text` with the password of every URL in it hidden."""
    return _credentials.sub(r"\g<scheme>:***@", text)


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)


class _Calm(logging.Filter):
    """Lets dramatiq say once in a while, and not every second for each queue, that the broker is away."""

    def __init__(self, monotonic: Callable[[], float], every_seconds: float = 30.0) -> None:
        super().__init__()
        self._monotonic = monotonic
        self._every_seconds = every_seconds
        self._said: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("dramatiq.worker.ConsumerThread"):
            return True
        now = self._monotonic()
        if now < self._said.get(record.name, float("-inf")) + self._every_seconds:
            return False
        self._said[record.name] = now
        return True


class _Formatter(JsonFormatter):
    def __init__(self, service: str) -> None:
        super().__init__(
            "%(levelname)s %(name)s %(message)s",
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
            static_fields={"service": service},
            json_default=str,
        )

    def process_log_record(self, log_data: dict[str, object]) -> dict[str, object]:
        return super().process_log_record({**log_data, **_facts.get()})

    def format(self, record: logging.LogRecord) -> str:
        return without_credentials(super().format(record))
