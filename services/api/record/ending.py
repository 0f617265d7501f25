"""What people are told about a report: its status, computed from the generator's phase and the deliveries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import event, func, select
from sqlalchemy.orm import Session

from services.api.notices.happenings import on_outcome
from services.api.record.parts import count_parts, outcome
from services.api.record.standing import latest
from services.api.record.success import tell_success
from services.api.schemas.common import OccurrenceStatus, ReportStatus
from services.api.tables import BurstRow, DeliveryRow, OccurrenceRow, ReportRow

OPEN = ("pending", "sending", "deferred")
"""A delivery in one of these states is still under way."""

NOT_SENT = ("rejected", "bounced", "cancelled", "unknown", "suppressed")
"""Deliveries that ended in these states did not, or not surely, arrive; in the order in which people are told."""

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
    bursts = {report.id for report in reports.values() if report.phase == "spread"}
    for report_id, tally in _tallies(session, reports.keys() - bursts).items():
        report = reports[report_id]
        _conclude(session, report, ending_of(report, tally), occurrences[report_id])
    bursts |= count_parts(session, reports)
    if bursts:
        _settle_bursts(session, bursts)


def _settle_bursts(session: Session, report_ids: Collection[UUID]) -> None:
    """The reports that bursts belong to: what became of them follows from the reports of their recipients."""
    occurrences = _occurrences(session, report_ids)
    for report_id in sorted(report_ids):
        report = session.get(ReportRow, report_id, with_for_update=True)
        burst = session.get(BurstRow, report_id)
        if report is not None and burst is not None and report.phase == "spread":
            report.updated_at = latest(report.updated_at, burst.last_at) or report.updated_at
            _conclude(session, report, Ending(*outcome(session, burst)), occurrences[report_id])


def _conclude(session: Session, report: ReportRow, ending: Ending, occurrences: Iterable[OccurrenceRow]) -> None:
    report.status, report.reason, report.ended_at = ending
    for occurrence in occurrences:
        if ending.status == "completed" and occurrence.status != "success":
            tell_success(session, occurrence, ending.ended_at)
        on_outcome(session, report, occurrence, ending.status, ending.ended_at)
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
    if not report.shortfalls or ending.status not in ("completed", "partial"):
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
    sent, suppressed = tally.counts.get("sent", 0), tally.counts.get("suppressed", 0)
    if sent == tally.total:
        return Ending("completed", "", ended_at)
    return Ending(_outcome(tally, sent, tally.total - suppressed), _sentence(tally), ended_at)


def _outcome(tally: Tally, sent: int, wanted: int) -> ReportStatus:
    """Who does not want letters is no failure; nor is it one if somebody stopped all of them."""
    if sent == wanted:
        return "completed" if wanted else "skipped"
    if tally.counts.get("cancelled", 0) == wanted:
        return "cancelled"
    # An unknown letter may well have arrived, so a report with one has not failed altogether.
    return "partial" if sent + tally.counts.get("unknown", 0) else "failed"


def _sentence(tally: Tally) -> str:
    *first, last = (f"{tally.counts[state]} {state}" for state in NOT_SENT if tally.counts.get(state))
    counts = f"{', '.join(first)} and {last}" if first else last
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
    return "" if counts.keys().isdisjoint(NOT_SENT) else _first_failure(session, report_id)


def _first_failure(session: Session, report_id: UUID) -> str:
    query = (
        select(DeliveryRow.address, DeliveryRow.reason)
        .where(DeliveryRow.report_id == report_id, DeliveryRow.state.in_(NOT_SENT))
        .order_by(DeliveryRow.state == "suppressed", DeliveryRow.address, DeliveryRow.id)
        .limit(1)
    )
    address, reason = session.execute(query).one()
    return f"{address}: {reason}"
