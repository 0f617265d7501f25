"""How a command reaches its verb: decoded, with the number of the attempt, and with one meaning for each failure."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, cast

import dramatiq
import msgspec
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.errors import Retry
from dramatiq.middleware import CurrentMessage

from libs.common.commands import CommandBroker, NotYet
from libs.common.errors import PermanentFailure, PressroomError
from libs.common.logs import bound
from libs.common.messages import Command, read_command
from libs.common.metrics import COMMANDS_HANDLED

log = logging.getLogger(__name__)

C = TypeVar("C", bound=Command)


class Attempt(msgspec.Struct, frozen=True):
    """Which attempt at a command this is, counted from 1, and how many there are."""

    number: int
    limit: int

    @property
    def is_last(self) -> bool:
        """True if a failure now is final."""
        return self.number >= self.limit


def handle(
    broker: CommandBroker,
    command_class: type[C],
    function: Callable[[C, Attempt], None] | Callable[[C, Attempt], Awaitable[None]],
    *,
    queue: str,
    max_retries: int,
    min_backoff_ms: int,
    max_backoff_ms: int,
) -> None:
    """Make `function` the owner of a command.

    PermanentFailure ends the command at once as a dead letter. NotYet puts it back without using up an attempt. Any
    other exception is tried again after a growing pause with jitter, and is a dead letter after the last attempt.
    A coroutine function runs on the process's one event loop (see CommandWorker).
    """
    name = command_class.wire_name()

    def run(**fields: object) -> None:
        attempt = _attempt(max_retries)
        least_ms = min_backoff_ms * 2 ** (attempt.number - 1)
        with bound(command=name, attempt=attempt.number):
            try:
                _run(name, attempt, lambda: _call(function, read_command(command_class, fields), attempt))
            except Retry as again:
                again.delay = again.delay or asked_pause_ms(again.__cause__, least_ms, max_backoff_ms)
                raise

    actor = dramatiq.actor(
        actor_name=name,
        queue_name=queue,
        broker=broker,
        max_retries=max_retries,
        min_backoff=min_backoff_ms,
        max_backoff=max_backoff_ms,
        throws=PermanentFailure,
    )
    actor(run)


def asked_pause_ms(failure: BaseException | None, least_ms: int, most_ms: int) -> int | None:
    """The pause for which the other side has asked, up to the longest one; None if the usual one is no shorter."""
    pause = getattr(failure, "pause_seconds", None)
    return min(int(pause * 1000), most_ms) if pause is not None and pause * 1000 > least_ms else None


def _run(name: str, attempt: Attempt, call: Callable[[], None]) -> None:
    try:
        call()
    except NotYet as postponed:
        COMMANDS_HANDLED.labels(name, "postponed").inc()
        log.info("a command was put back for a while", extra={"reason": str(postponed)})
        raise
    except PermanentFailure as failure:
        COMMANDS_HANDLED.labels(name, "dead").inc()
        log.warning("a command failed for good", extra={"reason": str(failure)})
        raise
    except Exception as failure:
        COMMANDS_HANDLED.labels(name, "dead" if attempt.is_last else "retried").inc()
        log.warning(
            "a command failed", extra={"reason": str(failure), "last": attempt.is_last}, exc_info=_unexpected(failure)
        )
        # Retry keeps dramatiq from logging the whole command, and lets Retries choose the pause.
        raise Retry(str(failure)) from failure
    else:
        COMMANDS_HANDLED.labels(name, "done").inc()


def _unexpected(failure: Exception) -> bool:
    return not isinstance(failure, PressroomError)


def _call(function: Callable[[C, Attempt], Any], command: C, attempt: Attempt) -> None:
    if not inspect.iscoroutinefunction(function):
        function(command, attempt)
        return
    loop = get_event_loop_thread()
    if loop is None:
        raise RuntimeError("a coroutine needs the event loop that CommandWorker starts")
    loop.run_coroutine(cast("Awaitable[None]", function(command, attempt)))


def _attempt(max_retries: int) -> Attempt:
    message = CurrentMessage.get_current_message()
    options = message.options if message is not None else {}
    return Attempt(int(options.get("retries", 0)) + 1, int(options.get("max_retries", max_retries)) + 1)
