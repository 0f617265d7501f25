"""Receives the commands of the maintenance queue: questions that a person waits for, and cleaning."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from libs.common.commands import CommandBroker
from libs.common.handlers import Attempt, handle
from libs.common.messages import (
    CheckBurst,
    CheckTemplate,
    Command,
    ContinueBurst,
    DeleteExpired,
    ReleaseReport,
    StopBurst,
    TestSource,
)
from libs.common.topology import MAINTENANCE_QUEUE
from services.generator.burst.check_burst import check_burst
from services.generator.burst.deciding import continue_burst, stop_burst
from services.generator.check_template import check_template
from services.generator.expiry import delete_expired
from services.generator.release import release_report
from services.generator.try_source import try_source
from services.generator.workshop import Workshop

Duty = Callable[[Any, Attempt, Workshop], None]
"""Does what one command asks for; raises PermanentFailure, TransientFailure or NotYet as `generate` does."""

DUTIES: Mapping[type[Command], Duty] = {
    CheckBurst: check_burst,
    CheckTemplate: check_template,
    ContinueBurst: continue_burst,
    DeleteExpired: delete_expired,
    ReleaseReport: release_report,
    StopBurst: stop_burst,
    TestSource: try_source,
}
"""Every command of the queue and its verb."""

MAX_RETRIES = 3
MIN_BACKOFF_SECONDS, MAX_BACKOFF_SECONDS = 2.0, 60.0


def maintain(broker: CommandBroker, workshop: Workshop) -> None:
    """Make the generator the owner of every command in DUTIES."""
    for command_class, duty in DUTIES.items():
        _own(broker, command_class, duty, workshop)


def _own(broker: CommandBroker, command_class: type[Command], duty: Duty, workshop: Workshop) -> None:
    def run(command: Command, attempt: Attempt) -> None:
        duty(command, attempt, workshop)

    handle(
        broker,
        command_class,
        run,
        queue=MAINTENANCE_QUEUE,
        max_retries=MAX_RETRIES,
        min_backoff_ms=int(MIN_BACKOFF_SECONDS * 1000),
        max_backoff_ms=int(MAX_BACKOFF_SECONDS * 1000),
    )
