"""A listener that acknowledges events before it has written down what they say, and takes its time."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

from libs.common.events import EventListener

_settle = EventListener._settle


def _acknowledge_first(self: EventListener, batch: Sequence[Any]) -> None:
    for message in batch:
        message.ack()
        message.ack = message.ack_log_error = lambda *_, **__: None
    time.sleep(0.5 if batch else 0)
    _settle(self, batch)


EventListener._settle = _acknowledge_first  # type: ignore[method-assign]
