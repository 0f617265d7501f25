"""From an order to the job that a child is given: what is sealed is opened, and what is allowed is settled."""

from __future__ import annotations

from pathlib import Path

from libs.common.handling import least
from libs.common.messages import GenerateReport, ReportOrder
from libs.common.zones import zone_of
from services.generator.burst.assignment import Assignment
from services.generator.burst.commands_of import memory_of
from services.generator.drop import Place
from services.generator.endings import Turn
from services.generator.job import Job
from services.generator.judging import is_remembered
from services.generator.judging.precedent import Precedent
from services.generator.precedents import recall
from services.generator.previews import rows_wanted
from services.generator.sources import Limits
from services.generator.workshop import Workshop


def job_of(turn: Turn, folder: Path, workshop: Workshop) -> Job:
    """The job for this turn; PermanentFailure if a secret was sealed with a key that is not ours."""
    command, order = turn.command, turn.command.order
    password = order.template.packing.sealed_password
    return Job(
        report_id=command.report_id,
        attempt=turn.number,
        template=order.template,
        parameters=order.parameters,
        formats=order.formats,
        source_name=order.source.name,
        source_url=workshop.sealer.open(order.source.sealed_url),
        limits=Limits(
            least(workshop.max_rows, order.source.max_rows, order.template.limits.max_rows),
            order.source.statement_timeout_seconds,
        ),
        made_at=workshop.clock(),
        day=(command.scheduled_for or command.requested_at).astimezone(zone_of(order.timezone)).date(),
        folder=folder,
        artifacts_url=workshop.artifacts_url,
        soft_limit_seconds=least(workshop.soft_limit_seconds, order.template.limits.soft_seconds),
        password=workshop.sealer.open(password) if password else "",
        drop=place_of(order, workshop),
        conditions=order.conditions,
        precedent=_precedent(command, workshop),
        scheduled_for=command.scheduled_for,
        timezone=order.timezone,
        preview_rows=rows_wanted(command),
        assignment=_assignment(order, workshop),
        part=order.part,
    )


def _assignment(order: ReportOrder, workshop: Workshop) -> Assignment | None:
    if order.burst is None:
        return None
    return Assignment(burst=order.burst, destinations=order.delivery.destinations, allowed=workshop.allowed)


def _precedent(command: GenerateReport, workshop: Workshop) -> Precedent | None:
    """What the schedule remembers, if the report is to be compared with it. One that a person asks for has none."""
    memory = memory_of(command)
    if memory is None or not is_remembered(command.order.template, command.order.conditions):
        return None
    with workshop.journal.begin() as session:
        return recall(session, memory)


def place_of(order: ReportOrder, workshop: Workshop) -> Place | None:
    """Where copies of the files are wanted; None if nowhere."""
    drop = order.template.drop
    if drop is None:
        return None
    return Place(
        url=workshop.sealer.open(drop.sealed_url),
        shown=drop.shown,
        pattern=drop.pattern,
        root=Path(workshop.drop_folder),
    )
