"""Writes into the ledger what several letters have to say in one transaction, because the commit is what costs."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import Context, copy_context
from typing import Any, TypeVar

import msgspec
from sqlalchemy.orm import Session

from libs.common.commands import NotYet
from libs.common.errors import TransientFailure
from services.mailer.ledger import Ledger

T = TypeVar("T")

MOST_TOGETHER = 100
_AFTER = "after the clerk's commit"


def once_written(session: Session, call: Callable[[], None]) -> None:
    """Call something after the commit: a transaction that failed is repeated, and would do it twice."""
    session.info.setdefault(_AFTER, []).append((copy_context(), call))


class _Request(msgspec.Struct):
    """What somebody wants written, and where they wait for the answer."""

    work: Callable[[Session], Any]
    may_be_lost: bool
    context: Context
    answer: Future[Any]


class Clerk:
    """One thread that does what it is asked; whatever has come meanwhile shares the next transaction.

    If one of them fails, nothing of that transaction has happened, and each is done again in its own. NotYet is no
    failure but an answer: who raises it has written nothing that may not stay.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: deque[_Request] = deque()
        self._guard = threading.Lock()
        self._busy = False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="clerk")

    async def ask(self, work: Callable[[Session], T], *, may_be_lost: bool = False) -> T:
        """What `work` returns, once it is written down; TransientFailure if the ledger is away.

        `may_be_lost`: as in Store.begin; the whole transaction is durable if anything in it has to be.
        """
        request = _Request(work, may_be_lost, copy_context(), Future())
        with self._guard:
            self._waiting.append(request)
            idle, self._busy = not self._busy, True
        if idle:
            self._thread.submit(self._work_off)
        answer: T = await asyncio.wrap_future(request.answer)
        return answer

    def _work_off(self) -> None:
        while batch := self._next():
            for request, outcome in zip(batch, self._done(batch), strict=True):
                if request.answer.cancelled():
                    continue
                if isinstance(outcome, Exception):
                    request.answer.set_exception(outcome)
                else:
                    request.answer.set_result(outcome)

    def _next(self) -> list[_Request]:
        with self._guard:
            batch = [self._waiting.popleft() for _ in range(min(MOST_TOGETHER, len(self._waiting)))]
            self._busy = bool(batch)
        return batch

    def _done(self, batch: Sequence[_Request]) -> list[Any]:
        """What came of each: an answer or an exception."""
        try:
            return self._together(batch)
        except Exception as failure:
            if len(batch) == 1:
                return [failure]
        outcomes: list[Any] = []
        away: TransientFailure | None = None
        for request in batch:
            try:
                outcomes += [away] if away else self._together([request])
            except TransientFailure as failure:
                # It is the ledger that is away, and not this one's fault: the others need not find out for themselves.
                away = failure
                outcomes.append(failure)
            except Exception as failure:
                outcomes.append(failure)
        return outcomes

    def _together(self, batch: Sequence[_Request]) -> list[Any]:
        outcomes: list[Any] = []
        with self._ledger.begin(may_be_lost=all(request.may_be_lost for request in batch)) as session:
            for request in batch:
                try:
                    outcomes.append(request.context.run(request.work, session))
                except NotYet as postponed:
                    outcomes.append(postponed)
        for context, call in session.info.pop(_AFTER, ()):
            context.run(call)
        return outcomes
