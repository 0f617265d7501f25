"""How an attempt ends: written into the journal and made known, in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from libs.common.commands import NotYet
from libs.common.handlers import Attempt
from libs.common.messages import (
    Artifact,
    Event,
    GenerateReport,
    ReportCancelled,
    ReportFailed,
    ReportGenerated,
    ReportHeld,
    ReportRetrying,
    ReportSkipped,
)
from libs.common.metrics import REPORT_ROWS, REPORT_STAGE_SECONDS, REPORTS
from libs.common.outbox import Outbox
from services.generator import keeping
from services.generator.burst.commands_of import memory_of
from services.generator.held import hold
from services.generator.job import Failed, Produced, Skipped
from services.generator.journal import Cancellation, Journal, Kept, State
from services.generator.judging.precedent import Precedent
from services.generator.planning import deliver_orders, planned
from services.generator.precedents import remember
from services.generator.reuse import fingerprint_of, summary_of

log = logging.getLogger(__name__)

OVERTAKEN_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One attempt at a report. `number` is the journal's, which counts those of dead owners and of replays too."""

    command: GenerateReport
    attempt: Attempt
    number: int

    @property
    def last_number(self) -> int:
        """The number of the last attempt that the order allows, if none is lost."""
        return self.number + self.attempt.limit - self.attempt.number

    def is_final(self, failure: Failed) -> bool:
        """Whether nobody will try again after `failure`."""
        return failure.error_class == "permanent" or self.attempt.is_last


class FilesGone(Exception):
    """The files that a report was to reuse are gone by now: it has to be made afresh."""


class Outrun(Exception):
    """Another report of the schedule has ended since this one was judged: the verdict may be another one now."""


class Unwanted(Exception):
    """The report was cancelled before its end was written down: it can only end as cancelled. `artifacts` are files
    that exist already."""

    def __init__(self, cancellation: Cancellation, artifacts: tuple[Artifact, ...] = ()) -> None:
        super().__init__(cancellation.sentence)
        self.cancellation = cancellation
        self.artifacts = artifacts


def write_success(turn: Turn, produced: Produced, journal: Journal, now: datetime) -> None:
    """Finish the report and order its deliveries; NotYet if a newer attempt has begun."""
    command = turn.command
    with journal.begin() as session:
        result = [msgspec.to_builtins(artifact) for artifact in produced.artifacts]
        kept = _kept(command, produced, now)
        if produced.reused_from is not None and not keeping.prolong(session, produced.reused_from, kept.expires_at):
            raise FilesGone("the files of the earlier report have just been deleted")
        if not journal.end(session, command.report_id, turn.number, "finished", now, result=result, kept=kept):
            raise refused(session, turn, journal, produced.artifacts)
        announce_success(session, command, turn.number, produced, kept.expires_at, now)
        remember_after(session, command, produced.after, now)
    _count_success(produced)


def announce_success(
    session: Session, command: GenerateReport, number: int, produced: Produced, expires_at: datetime, now: datetime
) -> None:
    """Tell that the files exist, and order their deliveries."""
    deliveries, outbox = planned(command), Outbox(session, now)
    outbox.add(
        ReportGenerated(
            at=now,
            report_id=command.report_id,
            attempt=number,
            artifacts=produced.artifacts,
            deliveries=deliveries,
            rows=produced.rows,
            notes=produced.notes,
            shortfalls=produced.shortfalls,
            query_seconds=produced.query_seconds,
            render_seconds=produced.render_seconds,
            store_seconds=produced.store_seconds,
            expires_at=expires_at,
            reused_from=produced.reused_from,
            dropped_to=produced.dropped_to,
        )
    )
    for delivery in deliver_orders(command, deliveries, produced, expires_at, now):
        outbox.add(delivery)


def write_skipped(turn: Turn, skipped: Skipped, journal: Journal, now: datetime) -> None:
    """End the report without files, because a condition of its schedule says so."""
    command = turn.command
    with journal.begin() as session:
        if not journal.end(session, command.report_id, turn.number, "skipped", now, reason=skipped.reason):
            raise refused(session, turn, journal)
        told = ReportSkipped(
            at=now, report_id=command.report_id, attempt=turn.number, rows=skipped.rows, reason=skipped.reason
        )
        Outbox(session, now).add(told)
        remember_after(session, command, skipped.after, now)
    REPORTS.labels("skipped").inc()
    log.info("a report was skipped", extra={"attempt": turn.number, "reason": skipped.reason})


def write_held(turn: Turn, produced: Produced, journal: Journal, now: datetime) -> None:
    """Let the files wait for an approval; see release.py for what comes then."""
    command = turn.command
    result = [msgspec.to_builtins(artifact) for artifact in produced.artifacts]
    kept = Kept(expires_at=now + timedelta(days=command.order.template.keeping.days))
    with journal.begin() as session:
        reason = " ".join(produced.held)
        number = turn.number
        if not journal.end(session, command.report_id, number, "held", now, reason=reason, result=result, kept=kept):
            raise refused(session, turn, journal, produced.artifacts)
        hold(session, command, number, produced, now)
        told = ReportHeld(
            at=now,
            report_id=command.report_id,
            attempt=number,
            artifacts=produced.artifacts,
            rows=produced.rows,
            reasons=produced.held,
            notes=produced.notes,
            expires_at=kept.expires_at,
        )
        Outbox(session, now).add(told)
        remember_after(session, command, produced.after, now)
    REPORTS.labels("held").inc()
    log.warning("a report is held", extra={"attempt": number, "reason": reason})


def remember_after(session: Session, command: GenerateReport, after: Precedent | None, now: datetime) -> None:
    """Let the schedule remember; Outrun if another report of it has ended meanwhile."""
    if after is None or (memory := memory_of(command)) is None:
        return
    if not remember(session, memory, after, now):
        raise Outrun("another report of the same schedule has just ended, so this one has to be judged again")


def _kept(command: GenerateReport, produced: Produced, now: datetime) -> Kept:
    fingerprint = fingerprint_of(command)
    return Kept(
        expires_at=now + timedelta(days=command.order.template.keeping.days),
        fingerprint=fingerprint,
        reused_from=produced.reused_from,
        summary=None if fingerprint is None else summary_of(produced),
    )


def write_failure(turn: Turn, failed: Failed, journal: Journal, now: datetime) -> None:
    """End the attempt, as failed or to be tried again; NotYet if a newer one has begun."""
    final, report_id = turn.is_final(failed), turn.command.report_id
    with journal.begin() as session:
        state: State = "failed" if final else "waiting"
        if not journal.end(session, report_id, turn.number, state, now, reason=failed.reason):
            raise refused(session, turn, journal)
        Outbox(session, now).add(_failed(turn, failed, now) if final else _retrying(turn, failed, now))
    REPORTS.labels("failed" if final else "retried").inc()
    facts = {"attempt": turn.number, "stage": failed.stage, "class": failed.error_class, "reason": failed.reason}
    log.warning("an attempt at a report failed", extra={**facts, "final": final, "trace": failed.trace or None})


def write_back(turn: Turn, reason: str, journal: Journal, now: datetime) -> None:
    """Let go of the report: whoever comes next may begin at once."""
    with journal.begin() as session:
        if not journal.end(session, turn.command.report_id, turn.number, "waiting", now, reason=reason):
            raise refused(session, turn, journal)
    log.info("a report was given back", extra={"attempt": turn.number, "reason": reason})


def write_cancelled(turn: Turn, unwanted: Unwanted, journal: Journal, now: datetime) -> None:
    """End the report because nobody wants it; files that exist already go with the next that expire."""
    cancellation, report_id = unwanted.cancellation, turn.command.report_id
    result = [msgspec.to_builtins(artifact) for artifact in unwanted.artifacts]
    kept = Kept(expires_at=now) if unwanted.artifacts else None
    with journal.begin() as session:
        reason = cancellation.sentence
        if not journal.end(session, report_id, turn.number, "cancelled", now, reason=reason, result=result, kept=kept):
            raise _overtaken()
        Outbox(session, now).add(cancelled(report_id, turn.number, cancellation, now))
    REPORTS.labels("cancelled").inc()
    log.info("a report was cancelled", extra={"attempt": turn.number, "by": cancellation.requested_by})


def cancelled(report_id: UUID, attempt: int, cancellation: Cancellation, now: datetime) -> ReportCancelled:
    """The event; `attempt` is 0 if nobody had begun."""
    return ReportCancelled(
        at=now,
        report_id=report_id,
        attempt=attempt,
        requested_by=cancellation.requested_by,
        reason=cancellation.reason,
    )


def _failed(turn: Turn, failed: Failed, now: datetime) -> Event:
    return ReportFailed(
        at=now,
        report_id=turn.command.report_id,
        attempt=turn.number,
        stage=failed.stage,
        error_class=failed.error_class,
        reason=failed.reason,
    )


def _retrying(turn: Turn, failed: Failed, now: datetime) -> Event:
    return ReportRetrying(
        at=now,
        report_id=turn.command.report_id,
        attempt=turn.number,
        max_attempts=turn.last_number,
        stage=failed.stage,
        reason=failed.reason,
    )


def refused(session: Session, turn: Turn, journal: Journal, artifacts: tuple[Artifact, ...] = ()) -> Unwanted | NotYet:
    """Why the journal did not take the end of the turn: somebody has cancelled the report, or begun anew."""
    cancellation = journal.cancellation(session, turn.command.report_id, turn.number)
    return _overtaken() if cancellation is None else Unwanted(cancellation, artifacts)


def _overtaken() -> NotYet:
    return NotYet(OVERTAKEN_SECONDS, "another generator has begun a newer attempt at this report")


def _count_success(produced: Produced) -> None:
    REPORTS.labels("generated").inc()
    files = [artifact.filename for artifact in produced.artifacts]
    facts: dict[str, object] = {"rows": produced.rows, "files": files}
    if produced.reused_from is not None:  # nothing was read or drawn, so there is nothing to measure
        log.info("report generated", extra={**facts, "reused_from": str(produced.reused_from)})
        return
    REPORT_ROWS.inc(produced.rows)
    seconds = {"query": produced.query_seconds, "render": produced.render_seconds, "store": produced.store_seconds}
    for stage, duration in seconds.items():
        REPORT_STAGE_SECONDS.labels(stage).observe(duration)
    log.info("report generated", extra={**{f"{name}_seconds": round(it, 3) for name, it in seconds.items()}, **facts})
