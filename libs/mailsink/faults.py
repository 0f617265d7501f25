"""Faults that can be switched on while the sink runs: what a mail server does on its bad days.

A conversation passes these steps, in this order; a fault waits at one of them:

    connect  the greeting             data  DATA was said, before the 354
    ehlo     EHLO was said            body  the content is coming in; its first line was read
    mail     MAIL FROM was said       dot   the final dot was read; the letter is not kept
    rcpt     RCPT TO was said         kept  the letter is kept; its answer has not been sent
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from typing import Literal, get_args

Step = Literal["connect", "ehlo", "mail", "rcpt", "data", "body", "dot", "kept"]

BEFORE_THE_RECIPIENT: frozenset[Step] = frozenset({"connect", "ehlo", "mail"})
UNANSWERED: frozenset[Step] = frozenset({"body"})


@dataclass(frozen=True, kw_only=True)
class Fault:
    """At `step`: wait, then drop the connection or answer `reply`, or go on if neither is asked for."""

    step: Step
    reply: str = ""
    drop: bool = False
    wait_seconds: float = 0.0
    recipient: str | None = None

    def __post_init__(self) -> None:
        if self.step not in get_args(Step):
            raise ValueError(f"{self.step!r} is no step of a conversation; the steps are {', '.join(get_args(Step))}.")
        if self.recipient is not None and self.step in BEFORE_THE_RECIPIENT:
            raise ValueError(f"At {self.step!r} the recipient is not known yet.")
        if self.reply and self.step in UNANSWERED:
            raise ValueError(f"A server cannot answer at {self.step!r}.")


class Faults:
    """The faults now switched on. `times=None` means until `clear()`; the first that fits is taken. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[Fault, int | None]] = []
        self._struck: Counter[Step] = Counter()

    def refuse(
        self, reply: str, *, recipient: str | None = None, step: Step = "rcpt", times: int | None = None
    ) -> None:
        """Answer `reply`, like `450 4.2.0 Greylisted`, instead of going on."""
        self._add(Fault(step=step, reply=reply, recipient=recipient), times)

    def drop(self, step: Step, *, recipient: str | None = None, times: int | None = 1) -> None:
        """Cut the connection without a word."""
        self._add(Fault(step=step, drop=True, recipient=recipient), times)

    def slow(self, step: Step, seconds: float, *, recipient: str | None = None, times: int | None = None) -> None:
        """Wait `seconds`, then go on as if nothing had been."""
        self._add(Fault(step=step, wait_seconds=seconds, recipient=recipient), times)

    def clear(self) -> None:
        """Be a healthy server again."""
        with self._lock:
            self._waiting.clear()

    def take(self, step: Step, recipients: list[str]) -> Fault | None:
        """The fault that strikes now, or None; one of its times is used up."""
        with self._lock:
            for index, (fault, times) in enumerate(self._waiting):
                if fault.step == step and (fault.recipient is None or fault.recipient in recipients):
                    self._struck[step] += 1
                    self._use_up(index, fault, times)
                    return fault
        return None

    def struck(self, step: Step) -> int:
        """How many faults have struck at `step` so far: what a test waits for before it acts in the middle of one."""
        with self._lock:
            return self._struck[step]

    def _add(self, fault: Fault, times: int | None) -> None:
        if times is not None and times < 1:
            raise ValueError("A fault strikes at least once.")
        with self._lock:
            self._waiting.append((fault, times))

    def _use_up(self, index: int, fault: Fault, times: int | None) -> None:
        if times == 1:
            del self._waiting[index]
        elif times is not None:
            self._waiting[index] = (fault, times - 1)
