"""Sends a report that was held, because somebody has approved it: once, however often it is approved.

    held ──> finished, together with the orders of its deliveries

A held report can be cancelled instead, and its files can expire; whichever comes first in the journal counts.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from libs.common.errors import PermanentFailure
from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import ReleaseReport, ReportFailed
from libs.common.metrics import REPORTS
from libs.common.outbox import Outbox
from services.generator import keeping
from services.generator.burst.commands_of import memory_of
from services.generator.endings import Turn, announce_success
from services.generator.held import Held, held, let_go
from services.generator.job import Produced
from services.generator.precedents import remember_release
from services.generator.preparing import job_of
from services.generator.stored import drop_copies
from services.generator.workshop import Workshop

log = logging.getLogger(__name__)

EXPIRED = "The files were deleted because their time was over, before anybody approved the report; ask for it again."


def release_report(command: ReleaseReport, attempt: Attempt, workshop: Workshop) -> None:
    """Finish the report, unless it waits no more. TransientFailure if the journal or a place for copies is away.

    A place that can never take the copies is a PermanentFailure: the report fails, as one that is not held does.
    """
    with bound(report_id=command.report_id):
        with workshop.journal.begin() as session:
            waiting = held(session, command.report_id)
        if waiting is None:
            log.info("the report does not wait for an approval any more")
            return
        try:
            dropped_to = _drop(waiting, attempt, workshop)
        except PermanentFailure as failure:
            _fail(waiting, str(failure), workshop)
            raise
        _finish(command, replace(waiting.produced, held=(), dropped_to=dropped_to), waiting, workshop)


def expired_in_waiting(report_id: UUID, attempt: int, now: datetime) -> ReportFailed:
    """The end of a report that nobody approved as long as it had files."""
    return _failed(report_id, attempt, EXPIRED, now)


def _failed(report_id: UUID, attempt: int, reason: str, now: datetime) -> ReportFailed:
    return ReportFailed(
        at=now, report_id=report_id, attempt=attempt, stage="store", error_class="permanent", reason=reason
    )


def _fail(waiting: Held, reason: str, workshop: Workshop) -> None:
    now, report_id = workshop.clock(), waiting.command.report_id
    with workshop.journal.begin() as session:
        let_go(session, report_id)
        for attempt in keeping.fail_held(session, [report_id], reason, now).values():
            Outbox(session, now).add(_failed(report_id, attempt, reason, now))
            REPORTS.labels("failed").inc()
    log.warning("a held report could not be sent", extra={"reason": reason})


def _drop(waiting: Held, attempt: Attempt, workshop: Workshop) -> str:
    """Copies go out with the letters. A second try overwrites those of the first."""
    if waiting.command.order.template.drop is None:
        return ""
    turn = Turn(command=waiting.command, attempt=attempt, number=waiting.attempt)
    with workshop.scratch.room(str(waiting.command.report_id)) as folder:
        return drop_copies(job_of(turn, folder, workshop), waiting.produced.artifacts)


def _finish(command: ReleaseReport, produced: Produced, waiting: Held, workshop: Workshop) -> None:
    now, order = workshop.clock(), waiting.command
    with workshop.journal.begin() as session:
        released = workshop.journal.release(session, command.report_id, now, EXPIRED)
        let_go(session, command.report_id)
        if released is None:
            log.info("the report was sent or cancelled in between")
        elif released.expires_at is None:
            Outbox(session, now).add(expired_in_waiting(command.report_id, waiting.attempt, now))
        else:
            announce_success(session, order, waiting.attempt, produced, released.expires_at, now)
            if produced.if_released is not None and (memory := memory_of(order)) is not None:
                remember_release(session, memory, produced.if_released, now)
    if released is not None:
        REPORTS.labels("failed" if released.expires_at is None else "generated").inc()
        log.info("a held report was approved", extra={"by": command.approved_by})
