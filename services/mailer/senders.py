"""The seam between a delivery and the channel over which it travels.

`deliver.py` keeps the ledger, the attempts and the events, the same for all channels; a sender brings one report to
one place. It raises, as SMTP does (see `answers.py`):

- PermanentFailure (or `Refused`, with the other side's answer): it was certainly not accepted, and never will be
- TransientFailure (or `NotNow`, with the answer): it was certainly not accepted, and may be later
- `NoAnswer`: it was handed over, and nobody said whether it was accepted
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from libs.common.delivering import Channel
from libs.common.messages import DeliverReport, SendNotice
from services.mailer.answers import Answer

Form = Literal["files", "zip", "link"]

BeforeFinal = Callable[[], Awaitable[None]]
"""Awaited right before the step from which the other side may accept: the final dot, the last byte of a request.

It writes `sending` into the ledger. What it raises ends the attempt, and the step must then not be taken."""


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """What a sender is asked for. Of every attempt at a delivery all but `attempt` is the same."""

    command: DeliverReport
    message_id: str
    """Tells the other side that two letters are one; in angle brackets, as RFC 5322 has it."""
    written_at: datetime
    """When the delivery was first seen."""
    attempt: int
    """Counted from 1."""
    notice: SendNotice | None = None
    """What to tell, if it is no report; `command` says only where to then."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The other side has accepted it."""

    answer: Answer
    form: Form = "files"
    bytes: int = 0
    """Of what was sent, encoded."""
    queue_id: str = ""
    """How the other side calls it."""


class Sender(Protocol):
    """Brings one report to one place over one channel."""

    async def send(self, errand: Errand, before_final: BeforeFinal) -> Receipt:
        """Make one attempt; see above for what it raises."""


Senders = Mapping[Channel, Sender]
