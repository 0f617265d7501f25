"""Generate one report: exactly one result, whoever asks for it how often.

The journal decides. A command for a finished report has nothing to do; one for a report that somebody is making is put
back; any other one begins an attempt under a number of its own, in one transaction with `report.started`. The work
happens in a child process. What came of it is written down under that number, together with all that it makes known:
a finished report orders its deliveries in the very transaction that finishes it.

Where a SIGKILL can hit, and what happens when the broker delivers the command again:

1. before the claim is committed: nothing has happened.
2. after it: the lease runs out, the next attempt takes over, and files of this one stay behind under its number.
3. after the end is committed: its messages are in the outbox; the command finds the report finished.

A small report costs two transactions, the claim and the end; progress costs more only where there is time for it (see
telling.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import GenerateReport, ReportStarted
from libs.common.metrics import REPORT_WAIT_SECONDS
from libs.common.outbox import Outbox
from libs.common.zones import zone_of
from services.generator.endings import Turn, write_back, write_failure, write_success
from services.generator.job import Failed, GivenBack, Job, Outcome, Produced
from services.generator.journal import Journal
from services.generator.leases import Lease
from services.generator.sources import Limits
from services.generator.telling import Teller
from services.generator.workshop import Workshop

log = logging.getLogger(__name__)

BUSY_SECONDS = 10.0
JOURNAL_AWAY_SECONDS = 10.0
GIVEN_BACK_SECONDS = 1.0

INSIST_SECONDS = (0.5, 1.0, 2.0, 4.0)
"""Pauses between the tries to write down how an attempt ended: forgetting it would mean to do the work again."""

MAX_DEATHS = 5
"""A report that took so many generators with it fails: the next one would fare no better."""


def generate(command: GenerateReport, attempt: Attempt, workshop: Workshop) -> None:
    """Make one attempt at the report, unless there is none to make.

    A failure is written down and announced before it is raised, as PermanentFailure or TransientFailure. NotYet is
    raised if somebody else is at work on the report, the journal is away or the service is about to stop.
    """
    with bound(report_id=command.report_id):
        turn = _claim(command, attempt, workshop)
        if turn is None:
            return
        with workshop.leases.held(command.report_id, turn.number) as lease:
            with workshop.scratch.room(str(command.report_id)) as folder:
                outcome = _work(turn, lease, folder, workshop)
            _settle(turn, outcome, workshop)


def _claim(command: GenerateReport, attempt: Attempt, workshop: Workshop) -> Turn | None:
    """The turn that begins, or None if the report is finished; a report that kills its makers fails here."""
    try:
        return _take_up(command, attempt, workshop)
    except TransientFailure as away:
        raise NotYet(JOURNAL_AWAY_SECONDS, str(away)) from away


def _take_up(command: GenerateReport, attempt: Attempt, workshop: Workshop) -> Turn | None:
    now, journal = workshop.clock(), workshop.journal
    with journal.begin() as session:
        claim = journal.claim(session, command.report_id, now)
        if claim.standing == "claimed":
            Outbox(session, now).add(ReportStarted(at=now, report_id=command.report_id, attempt=claim.attempt))
    if claim.standing == "busy":
        raise NotYet(BUSY_SECONDS, "another generator is making this report")
    if claim.standing == "finished":
        log.info("the report is finished already")
        return None
    if claim.attempt == 1:
        REPORT_WAIT_SECONDS.labels(command.order.priority).observe(_wait_seconds(command, now))
    turn = Turn(command=command, attempt=attempt, number=claim.attempt)
    if claim.deaths < MAX_DEATHS:
        return turn
    reason = f"The generator died {claim.deaths} times while it made this report, so it is not tried again."
    write_failure(turn, Failed(stage="query", error_class="permanent", reason=reason), journal, now)
    raise PermanentFailure(reason)


def _wait_seconds(command: GenerateReport, now: datetime) -> float:
    return max(0.0, (now - command.requested_at).total_seconds())


def _work(turn: Turn, lease: Lease, folder: Path, workshop: Workshop) -> Outcome:
    try:
        job = _job(turn, folder, workshop)
    except PermanentFailure as failure:
        return Failed(stage="query", error_class="permanent", reason=str(failure))
    teller = Teller(turn, workshop.journal, workshop.clock)
    return workshop.hands.run(job, teller.hear, lease.is_lost)


def _job(turn: Turn, folder: Path, workshop: Workshop) -> Job:
    command, order = turn.command, turn.command.order
    return Job(
        report_id=command.report_id,
        attempt=turn.number,
        template=order.template,
        parameters=order.parameters,
        formats=order.formats,
        source_name=order.source.name,
        source_url=workshop.sealer.open(order.source.sealed_url),
        limits=Limits(order.source.max_rows, order.source.statement_timeout_seconds),
        made_at=workshop.clock(),
        day=(command.scheduled_for or command.requested_at).astimezone(zone_of(order.timezone)).date(),
        folder=folder,
        artifacts_url=workshop.artifacts_url,
        soft_limit_seconds=workshop.soft_limit_seconds,
    )


def _settle(turn: Turn, outcome: Outcome, workshop: Workshop) -> None:
    """Write down what came of the turn; raises what the command's fate should be."""
    if isinstance(outcome, GivenBack):
        _insist(partial(write_back, turn, outcome.reason), workshop)
        raise NotYet(GIVEN_BACK_SECONDS, outcome.reason)
    if isinstance(outcome, Failed):
        _fail(turn, outcome, workshop)
    else:
        _succeed(turn, outcome, workshop)


def _succeed(turn: Turn, produced: Produced, workshop: Workshop) -> None:
    try:
        _insist(partial(write_success, turn, produced), workshop)
    except PermanentFailure as failure:  # what there is to say does not fit a message
        _fail(turn, Failed(stage="store", error_class="permanent", reason=str(failure)), workshop)


def _fail(turn: Turn, failed: Failed, workshop: Workshop) -> NoReturn:
    _insist(partial(write_failure, turn, failed), workshop)
    raise (PermanentFailure if failed.error_class == "permanent" else TransientFailure)(failed.reason)


def _insist(write: Callable[[Journal, datetime], None], workshop: Workshop) -> None:
    for pause in INSIST_SECONDS:
        try:
            return write(workshop.journal, workshop.clock())
        except TransientFailure as away:
            log.warning(
                "the end of an attempt cannot be written down yet",
                extra={"reason": str(away), "pause_seconds": pause},
            )
            time.sleep(pause)
    try:
        write(workshop.journal, workshop.clock())
    except TransientFailure as away:
        raise NotYet(JOURNAL_AWAY_SECONDS, str(away)) from away
