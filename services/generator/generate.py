"""Generate one report: exactly one result, whoever asks for it how often.

The journal decides. A command for a report that has ended has nothing to do; one for a report that somebody is making
is put back; any other one begins an attempt under a number of its own, in one transaction with `report.started`. The
work happens in a child process. What came of it is written down under that number, together with what it makes known:
a finished report orders its deliveries in the very transaction that finishes it.

Where a SIGKILL can hit, and what happens when the broker delivers the command again:

1. before the claim is committed: nothing has happened.
2. after it: the lease runs out, the next attempt takes over, and files of this one stay behind under its number.
3. after the end is committed: its messages are in the outbox; the command finds the report finished.

A report that somebody cancels meanwhile ends as cancelled, whatever came of the work, unless its end was committed.

A small report costs two transactions, the claim and the end; progress costs more only where there is time for it (see
telling.py).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

from sqlalchemy.orm import Session

from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import GenerateReport, ReportStarted
from libs.common.metrics import REPORT_WAIT_SECONDS, REPORTS
from libs.common.outbox import Outbox
from services.generator.burst import bursts
from services.generator.burst.assignment import Listed
from services.generator.burst.ending import write_listed
from services.generator.endings import (
    FilesGone,
    Outrun,
    Turn,
    Unwanted,
    cancelled,
    write_back,
    write_cancelled,
    write_failure,
    write_held,
    write_skipped,
    write_success,
)
from services.generator.job import Failed, GivenBack, Outcome, Produced, Skipped
from services.generator.journal import REMEMBERED, Claim, Journal
from services.generator.leases import Lease
from services.generator.preparing import job_of
from services.generator.reuse import reused
from services.generator.slots import hold, slot_source
from services.generator.stored import take_away, throw_away
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
        claim = _claim(command, workshop)
        if claim is None:
            return
        turn = Turn(command=command, attempt=attempt, number=claim.attempt)
        try:
            _make(turn, claim, workshop)
        except Unwanted as unwanted:
            _insist(partial(write_cancelled, turn, unwanted), workshop)


def _claim(command: GenerateReport, workshop: Workshop) -> Claim | None:
    """The attempt that begins, or None if there is none to make."""
    try:
        claim = _take_up(command, workshop)
    except TransientFailure as away:
        raise NotYet(JOURNAL_AWAY_SECONDS, str(away)) from away
    if claim.standing == "busy":
        raise NotYet(BUSY_SECONDS, "another generator is making this report")
    if claim.standing != "claimed":
        log.info("there is no more work on the report", extra={"standing": claim.standing})
        return None
    if claim.attempt == 1:
        REPORT_WAIT_SECONDS.labels(command.order.priority).observe(_wait_seconds(command, workshop.clock()))
    return claim


def _take_up(command: GenerateReport, workshop: Workshop) -> Claim:
    now, journal = workshop.clock(), workshop.journal
    with journal.begin() as session:
        if command.parent_id is not None and _is_stopped(session, command, journal, now):
            return Claim("finished")
        held = hold(session, command, now)
        if held is None:
            return _begin(session, command, workshop, now)
    raise NotYet(held.seconds, held.reason)


def _is_stopped(session: Session, command: GenerateReport, journal: Journal, now: datetime) -> bool:
    """Whether the burst of which the report is a part was stopped: then it never begins."""
    assert command.parent_id is not None
    cancellation = bursts.stopped(session, command.parent_id)
    if cancellation is None:
        return False
    attempt = journal.cancel(session, command.report_id, cancellation, now)
    if attempt is not None:
        Outbox(session, now).add(cancelled(command.report_id, attempt, cancellation, now))
        REPORTS.labels("cancelled").inc()
    return True


def _begin(session: Session, command: GenerateReport, workshop: Workshop, now: datetime) -> Claim:
    claim = workshop.journal.claim(session, command.report_id, now, slot_source(command), command.parent_id)
    if claim.standing == "claimed":
        started = ReportStarted(at=now, report_id=command.report_id, attempt=claim.attempt)
        # Most reports have ended before anybody could read this, and both are told together then.
        Outbox(session, now).add(started, can_wait=True)
    elif claim.cancellation is not None:
        Outbox(session, now).add(cancelled(command.report_id, claim.attempt, claim.cancellation, now))
    return claim


def _make(turn: Turn, claim: Claim, workshop: Workshop) -> None:
    if reason := _hopeless(turn.command, claim):
        _fail(turn, Failed(stage="query", error_class="permanent", reason=reason), workshop)
    with workshop.leases.held(turn.command.report_id, turn.number) as lease:
        _settle(turn, _outcome(turn, lease, workshop), lease, workshop)


def _hopeless(command: GenerateReport, claim: Claim) -> str:
    """Why the report is not even tried; empty if it is."""
    if claim.deaths >= MAX_DEATHS:
        return f"The generator died {claim.deaths} times while it made this report, so it is not tried again."
    if claim.first_seen_at is not None and claim.first_seen_at - command.requested_at > REMEMBERED:
        return (
            f"The report was ordered more than {REMEMBERED.days} days ago, and what was made so long ago is forgotten: "
            "it may have been sent then. Ask for it again."
        )
    return ""


def _wait_seconds(command: GenerateReport, now: datetime) -> float:
    return max(0.0, (now - command.requested_at).total_seconds())


def _outcome(turn: Turn, lease: Lease, workshop: Workshop) -> Outcome:
    try:
        with workshop.scratch.room(str(turn.command.report_id)) as folder:
            return _work(turn, lease, folder, workshop)
    except PermanentFailure as failure:
        return Failed(stage="query", error_class="permanent", reason=str(failure))
    except TransientFailure as failure:
        return Failed(stage="query", error_class="transient", reason=str(failure))


def _work(turn: Turn, lease: Lease, folder: Path, workshop: Workshop) -> Outcome:
    job = job_of(turn, folder, workshop)
    ready = reused(turn.command, job, workshop)
    if ready is not None and job.drop is None:
        return ready
    teller = Teller(turn, workshop.journal, workshop.clock)
    outcome = workshop.hands.run(replace(job, ready=ready), teller.hear, lease.ended)
    if isinstance(outcome, GivenBack) or (isinstance(outcome, Failed) and outcome.stage == "store"):
        take_away(job)  # a child that was killed may have stored some of its files
    return outcome


def _settle(turn: Turn, outcome: Outcome, lease: Lease, workshop: Workshop) -> None:
    """Write down what came of the turn; raises what the command's fate should be."""
    if isinstance(outcome, GivenBack):
        if lease.cancellation is not None:
            raise Unwanted(lease.cancellation)
        _give_back(turn, outcome.reason, workshop)
    elif isinstance(outcome, Failed):
        _fail(turn, outcome, workshop)
    else:
        _end(turn, outcome, workshop)


def _end(turn: Turn, outcome: Produced | Skipped | Listed, workshop: Workshop) -> None:
    try:
        if isinstance(outcome, Listed):
            _insist(partial(write_listed, turn, outcome), workshop)
        elif isinstance(outcome, Skipped):
            _insist(partial(write_skipped, turn, outcome), workshop)
        else:
            _insist(partial(write_held if outcome.held else write_success, turn, outcome), workshop)
    except FilesGone as gone:
        _give_back(turn, str(gone), workshop)
    except Outrun as overtaken:
        if isinstance(outcome, Produced):
            throw_away(outcome.artifacts, workshop.artifacts_url)  # the next verdict may be that nobody gets a report
        _give_back(turn, str(overtaken), workshop)
    except PermanentFailure as failure:  # what there is to say does not fit a message
        _fail(turn, Failed(stage="store", error_class="permanent", reason=str(failure)), workshop)


def _give_back(turn: Turn, reason: str, workshop: Workshop) -> NoReturn:
    _insist(partial(write_back, turn, reason), workshop)
    raise NotYet(GIVEN_BACK_SECONDS, reason)


def _fail(turn: Turn, failed: Failed, workshop: Workshop) -> NoReturn:
    _insist(partial(write_failure, turn, failed), workshop)
    failure = (PermanentFailure if failed.error_class == "permanent" else TransientFailure)(failed.reason)
    failure.stage, failure.trace = failed.stage, failed.trace
    raise failure


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
