"""What people are told about a report: its status, computed from the generator's phase and the deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from services.api.record.standing import latest
from services.api.record.success import tell_success
from services.api.schemas.common import OccurrenceStatus, ReportStatus
from services.api.tables import DeliveryRow, OccurrenceRow, ReportRow

OPEN = ("pending", "deferred")
"""A delivery in one of these states is still under way."""

OUTCOMES: dict[ReportStatus, OccurrenceStatus] = {
    "completed": "success",
    "partial": "partial",
    "failed": "failed",
    "held": "held",
    "skipped": "skipped",
    "cancelled": "skipped",
}
"""How an occurrence ends with its report, or waits with it for an approval."""


class Tally(NamedTuple):
    """The deliveries of a report, counted by state."""

    counts: dict[str, int]
    ended_at: datetime | None
    first_failure: str

    @property
    def total(self) -> int:
        """All deliveries."""
        return sum(self.counts.values())

    @property
    def under_way(self) -> int:
        """Deliveries that have not ended."""
        return sum(self.counts.get(state, 0) for state in OPEN)


class Ending(NamedTuple):
    """What is told about a report."""

    status: ReportStatus
    reason: str
    ended_at: datetime | None


_UNSETTLED = "unsettled_reports"


def settle(session: Session, report: ReportRow) -> None:
    """Compute what is told about `report` and its occurrence, once, at the end of the transaction.

    Events come many at a time, and most reports are in several of them.
    """
    if _UNSETTLED not in session.info:
        session.info[_UNSETTLED] = {}
        event.listen(session, "before_commit", settle_all)
    session.info[_UNSETTLED][report.id] = report


def settle_all(session: Session) -> None:
    """Settle the reports of this transaction now."""
    reports: Mapping[UUID, ReportRow] = session.info.pop(_UNSETTLED, {})
    if not reports:
        return
    session.flush()
    occurrences = _occurrences(session, reports)
    for report_id, tally in _tallies(session, reports).items():
        report = reports[report_id]
        ending = ending_of(report, tally)
        report.status, report.reason, report.ended_at = ending
        for occurrence in occurrences[report_id]:
            if ending.status == "completed" and occurrence.status != "success":
                tell_success(session, occurrence, ending.ended_at)
            occurrence.status = OUTCOMES.get(ending.status, "started")
            occurrence.reason = ending.reason if ending.status in OUTCOMES else ""
            occurrence.ended_at = ending.ended_at


def _occurrences(session: Session, reports: Collection[UUID]) -> Mapping[UUID | None, list[OccurrenceRow]]:
    found: dict[UUID | None, list[OccurrenceRow]] = defaultdict(list)
    for row in session.execute(select(OccurrenceRow).where(OccurrenceRow.report_id.in_(reports))).scalars():
        found[row.report_id].append(row)
    return found


def ending_of(report: ReportRow, tally: Tally) -> Ending:
    """The status, why it is so, and since when it is final."""
    if report.phase in _WITHOUT_FILES:
        return Ending(_WITHOUT_FILES[report.phase], report.phase_reason, report.phase_at)
    if report.phase != "generated":
        # A delivery that is heard of first proves that the files exist.
        status: ReportStatus = "delivering" if tally.total else _UNDER_WAY[report.phase]
        return Ending(status, report.phase_reason, None)
    if tally.under_way:
        return Ending("delivering", "", None)
    return _whole(report, _delivered(tally, latest(report.generated_at, tally.ended_at)))


def _whole(report: ReportRow, ending: Ending) -> Ending:
    """A report that lacks a part is at best partial, however well it was delivered."""
    if not report.shortfalls or ending.status == "failed":
        return ending
    lacking = " ".join(report.shortfalls)
    return Ending("partial", f"{ending.reason} {lacking}" if ending.reason else lacking, ending.ended_at)


_WITHOUT_FILES: dict[str, ReportStatus] = {"failed": "failed", "skipped": "skipped", "cancelled": "cancelled"}
"""Phases in which the report has ended, and nobody gets it."""

_UNDER_WAY: dict[str, ReportStatus] = {
    "queued": "queued",
    "started": "running",
    "progressed": "running",
    "retrying": "retrying",
    "held": "held",
}


def _delivered(tally: Tally, ended_at: datetime | None) -> Ending:
    if tally.counts.get("sent", 0) == tally.total:
        return Ending("completed", "", ended_at)
    # An unknown letter may well have arrived, so a report with one has not failed altogether.
    reached = tally.counts.get("sent", 0) + tally.counts.get("unknown", 0)
    return Ending("partial" if reached else "failed", _sentence(tally), ended_at)


def _sentence(tally: Tally) -> str:
    rejected, unknown = tally.counts.get("rejected", 0), tally.counts.get("unknown", 0)
    parts = [f"{rejected} rejected" if rejected else "", f"{unknown} unknown" if unknown else ""]
    counts = " and ".join(part for part in parts if part)
    return f"Of {tally.total} {'delivery' if tally.total == 1 else 'deliveries'}, {counts}: {tally.first_failure}"


def _tallies(session: Session, reports: Collection[UUID]) -> Mapping[UUID, Tally]:
    """The tally of each of `reports`."""
    counting = (
        select(DeliveryRow.report_id, DeliveryRow.state, func.count(), func.max(DeliveryRow.ended_at))
        .where(DeliveryRow.report_id.in_(reports))
        .group_by(DeliveryRow.report_id, DeliveryRow.state)
    )
    counts: dict[UUID, dict[str, int]] = {report_id: {} for report_id in reports}
    ended_at: dict[UUID, datetime | None] = dict.fromkeys(reports)
    for report_id, state, count, last in session.execute(counting):
        counts[report_id][state] = count
        ended_at[report_id] = latest(ended_at[report_id], last)
    return {one: Tally(counts[one], ended_at[one], _why_not(session, one, counts[one])) for one in reports}


def _why_not(session: Session, report_id: UUID, counts: Mapping[str, int]) -> str:
    return _first_failure(session, report_id) if {"rejected", "unknown"} & counts.keys() else ""


def _first_failure(session: Session, report_id: UUID) -> str:
    query = (
        select(DeliveryRow.address, DeliveryRow.reason)
        .where(DeliveryRow.report_id == report_id, DeliveryRow.state.in_(("rejected", "unknown")))
        .order_by(DeliveryRow.address, DeliveryRow.id)
        .limit(1)
    )
    address, reason = session.execute(query).one()
    return f"{address}: {reason}"
