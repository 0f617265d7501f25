"""Lets a report have the files of an earlier one that was asked for in the very same way, as long as they are fresh.

Same means: the template with all that belongs to it, the source, the parameters, the formats, the zone and the day in
the files' names. A schedule with conditions always reads its source, because they are about what is there now; and so
does a template that compares a report with the last one, because each schedule has its own.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec

from libs.common.errors import TransientFailure
from libs.common.messages import GenerateReport, ReportOrder
from libs.common.storage import ArtifactStorage
from libs.common.zones import zone_of
from services.generator import keeping
from services.generator.job import Job, Produced
from services.generator.judging import is_remembered
from services.generator.keeping import Earlier
from services.generator.workshop import Workshop

log = logging.getLogger(__name__)


def fingerprint_of(command: GenerateReport) -> str | None:
    """A hash of all that decides how the files look; None for a report that neither serves another nor is served."""
    order = command.order
    if not order.template.keeping.reuse_seconds or is_remembered(order.template, order.conditions):
        return None
    if order.burst is not None or order.part is not None:  # nobody else has the same share
        return None
    asked = {
        "template": order.template,
        "source": order.source,
        "parameters": order.parameters,
        "formats": order.formats,
        "timezone": order.timezone,
        "day": (command.scheduled_for or command.requested_at).astimezone(zone_of(order.timezone)).date(),
    }
    return hashlib.sha256(msgspec.json.encode(asked, order="deterministic")).hexdigest()


def summary_of(produced: Produced) -> dict[str, Any]:
    """What the journal keeps of a report that may serve another."""
    # What one schedule remembers is no other's business.
    summary: dict[str, Any] = msgspec.to_builtins(replace(produced, after=None, if_released=None))
    return summary


def reused(command: GenerateReport, job: Job, workshop: Workshop) -> Produced | None:
    """What an earlier report has made of the same, if its files are there; else the report is made afresh."""
    fingerprint = fingerprint_of(command)
    if fingerprint is None:
        return None
    since = job.made_at - timedelta(seconds=command.order.template.keeping.reuse_seconds)
    try:
        with workshop.journal.read() as session:
            earlier = keeping.alike(session, fingerprint, since)
        if earlier is None:
            return None
        produced = msgspec.convert(earlier.summary, Produced)
        storage = ArtifactStorage(workshop.artifacts_url)
        if not all(storage.has(artifact.key) for artifact in produced.artifacts):
            log.warning("files that could be reused are gone", extra={"reused_from": str(earlier.report_id)})
            return None
    except (TransientFailure, msgspec.ValidationError) as failure:
        log.warning("no earlier report can be looked for", extra={"reason": str(failure)})
        return None
    note = _note(earlier, job.made_at, command.order)
    return replace(
        produced,
        notes=(*produced.notes, note),
        query_seconds=0.0,
        render_seconds=0.0,
        store_seconds=0.0,
        dropped_to="",
        reused_from=earlier.report_id,
    )


def _note(earlier: Earlier, now: datetime, order: ReportOrder) -> str:
    zone = zone_of(order.timezone)
    made, today = earlier.ended_at.astimezone(zone), now.astimezone(zone).date()
    moment = f"{made:%H:%M}" if made.date() == today else f"{made:%Y-%m-%d %H:%M}"
    return f"Made at {moment} for another report."
