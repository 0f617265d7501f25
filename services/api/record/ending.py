"""What people are told about a report: its status, computed from the generator's phase and the deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.api.record.standing import latest
from services.api.schemas.common import OccurrenceStatus, ReportStatus
from services.api.tables import DeliveryRow, OccurrenceRow, ReportRow

OPEN = ("pending", "deferred")
"""A delivery in one of these states is still under way."""

OUTCOMES: dict[ReportStatus, OccurrenceStatus] = {"completed": "success", "partial": "partial", "failed": "failed"}
"""How an occurrence ends with its report."""


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


def settle(session: Session, report: ReportRow) -> None:
    """Compute what is told about `report` and its occurrence from what is known by now."""
    ending = ending_of(report, _tally(session, report))
    report.status, report.reason, report.ended_at = ending
    query = select(OccurrenceRow).where(OccurrenceRow.report_id == report.id)
    for occurrence in session.execute(query).scalars():
        occurrence.status = OUTCOMES.get(ending.status, "started")
        occurrence.reason = ending.reason if ending.status in OUTCOMES else ""
        occurrence.ended_at = ending.ended_at


def ending_of(report: ReportRow, tally: Tally) -> Ending:
    """The status, why it is so, and since when it is final."""
    if report.phase == "failed":
        return Ending("failed", report.phase_reason, report.phase_at)
    if report.phase != "generated":
        # A delivery that is heard of first proves that the files exist.
        status: ReportStatus = "delivering" if tally.total else _UNDER_WAY[report.phase]
        return Ending(status, report.phase_reason, None)
    if tally.under_way:
        return Ending("delivering", "", None)
    return _delivered(tally, latest(report.generated_at, tally.ended_at))


_UNDER_WAY: dict[str, ReportStatus] = {
    "queued": "queued",
    "started": "running",
    "progressed": "running",
    "retrying": "retrying",
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


def _tally(session: Session, report: ReportRow) -> Tally:
    session.flush()
    counting = select(DeliveryRow.state, func.count(), func.max(DeliveryRow.ended_at))
    rows = session.execute(counting.where(DeliveryRow.report_id == report.id).group_by(DeliveryRow.state)).all()
    return Tally(
        counts={state: count for state, count, _ in rows},
        ended_at=latest(*(ended_at for _, _, ended_at in rows)),
        first_failure=_first_failure(session, report) if any(row[0] in ("rejected", "unknown") for row in rows) else "",
    )


def _first_failure(session: Session, report: ReportRow) -> str:
    query = (
        select(DeliveryRow.address, DeliveryRow.reason)
        .where(DeliveryRow.report_id == report.id, DeliveryRow.state.in_(("rejected", "unknown")))
        .order_by(DeliveryRow.address, DeliveryRow.id)
        .limit(1)
    )
    address, reason = session.execute(query).one()
    return f"{address}: {reason}"
