"""How an attempt ends: written into the journal and made known, in one transaction."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime

import msgspec

from libs.common import ids
from libs.common.commands import NotYet
from libs.common.handlers import Attempt
from libs.common.messages import (
    DeliverReport,
    Event,
    GenerateReport,
    PlannedDelivery,
    ReportFailed,
    ReportGenerated,
    ReportRetrying,
)
from libs.common.metrics import REPORT_ROWS, REPORT_STAGE_SECONDS, REPORTS
from libs.common.outbox import Outbox
from services.generator.job import Failed, Produced
from services.generator.journal import Journal, State

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


def write_success(turn: Turn, produced: Produced, journal: Journal, now: datetime) -> None:
    """Finish the report and order its deliveries; NotYet if a newer attempt has begun."""
    command, order = turn.command, turn.command.order
    deliveries = planned(command)
    with journal.begin() as session:
        result = [msgspec.to_builtins(artifact) for artifact in produced.artifacts]
        if not journal.end(session, command.report_id, turn.number, "finished", now, result=result):
            raise _overtaken()
        outbox = Outbox(session, now)
        outbox.add(
            ReportGenerated(
                at=now,
                report_id=command.report_id,
                attempt=turn.number,
                artifacts=produced.artifacts,
                deliveries=deliveries,
                rows=produced.rows,
                notes=produced.notes,
                query_seconds=produced.query_seconds,
                render_seconds=produced.render_seconds,
                store_seconds=produced.store_seconds,
            )
        )
        for delivery in deliveries:
            outbox.add(
                DeliverReport(
                    delivery_id=delivery.delivery_id,
                    report_id=command.report_id,
                    title=order.template.title,
                    channel=delivery.channel,
                    recipient=delivery.recipient,
                    artifacts=produced.artifacts,
                    priority=order.priority,
                    subject=order.delivery.subject,
                    body=order.delivery.body,
                    occurrence_id=command.occurrence_id,
                    schedule_id=command.schedule_id,
                    scheduled_for=command.scheduled_for,
                    generated_at=now,
                    timezone=order.timezone,
                    notes=produced.notes,
                )
            )
    _count_success(produced)


def write_failure(turn: Turn, failed: Failed, journal: Journal, now: datetime) -> None:
    """End the attempt, as failed or to be tried again; NotYet if a newer one has begun."""
    final, report_id = turn.is_final(failed), turn.command.report_id
    with journal.begin() as session:
        state: State = "failed" if final else "waiting"
        if not journal.end(session, report_id, turn.number, state, now, reason=failed.reason):
            raise _overtaken()
        Outbox(session, now).add(_failed(turn, failed, now) if final else _retrying(turn, failed, now))
    REPORTS.labels("failed" if final else "retried").inc()
    facts = {"attempt": turn.number, "stage": failed.stage, "class": failed.error_class, "reason": failed.reason}
    log.warning("an attempt at a report failed", extra={**facts, "final": final, "trace": failed.trace or None})


def write_back(turn: Turn, reason: str, journal: Journal, now: datetime) -> None:
    """Let go of the report: whoever comes next may begin at once."""
    with journal.begin() as session:
        journal.end(session, turn.command.report_id, turn.number, "waiting", now, reason=reason)
    log.info("a report was given back", extra={"attempt": turn.number, "reason": reason})


def planned(command: GenerateReport) -> tuple[PlannedDelivery, ...]:
    """The deliveries that the order asks for; an address that is named twice gets one."""
    plan = command.order.delivery
    deliveries = (
        PlannedDelivery(
            delivery_id=ids.delivery_id(command.report_id, plan.channel, recipient.address),
            channel=plan.channel,
            recipient=recipient,
        )
        for recipient in plan.recipients
    )
    return tuple({delivery.delivery_id: delivery for delivery in deliveries}.values())


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


def _overtaken() -> NotYet:
    return NotYet(OVERTAKEN_SECONDS, "another generator has begun a newer attempt at this report")


def _count_success(produced: Produced) -> None:
    REPORTS.labels("generated").inc()
    REPORT_ROWS.inc(produced.rows)
    seconds = {"query": produced.query_seconds, "render": produced.render_seconds, "store": produced.store_seconds}
    for stage, duration in seconds.items():
        REPORT_STAGE_SECONDS.labels(stage).observe(duration)
    facts = {f"{stage}_seconds": round(duration, 3) for stage, duration in seconds.items()}
    files = [artifact.filename for artifact in produced.artifacts]
    log.info("report generated", extra={**facts, "rows": produced.rows, "files": files})
