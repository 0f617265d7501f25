"""Counts the reports of a burst by how they have ended: once each, however often that is told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from services.api.record.standing import latest
from services.api.schemas.common import ReportStatus
from services.api.tables import BurstRecipientRow, BurstRow, ReportRow, table_of

COUNTED: tuple[ReportStatus, ...] = ("completed", "partial", "failed", "skipped", "cancelled", "held")
"""A report in one of these states is not under way; each is a counter of its burst."""

REFUSALS = ("without_address", "invalid", "not_allowed", "unfit")
"""Why a line of the recipients query has no report; each is a counter too."""

_WORDS = {
    "failed": "failed",
    "partial": "partial",
    "cancelled": "cancelled",
    "without_address": "without an address",
    "invalid": "with an invalid address",
    "not_allowed": "not allowed",
    "unfit": "with unfit values",
}
"""What keeps a burst from being a success, in the order in which people are told."""


class Outcome(NamedTuple):
    """What is told about the report that a burst belongs to."""

    status: ReportStatus
    reason: str
    ended_at: datetime | None


_recipients = table_of(BurstRecipientRow)
_MARK = update(_recipients).where(_recipients.c.id == bindparam("row_id")).values(counted=bindparam("counter"))


def count_parts(session: Session, reports: Mapping[UUID, ReportRow]) -> set[UUID]:
    """Count those of `reports` that are parts of a burst, as they are now; the bursts whose counters have changed."""
    parts = [report.id for report in reports.values() if report.parent_id is not None]
    if not parts:
        return set()
    changes: dict[UUID, Counter[str]] = defaultdict(Counter)
    last: dict[UUID, datetime | None] = {}
    marks: list[dict[str, object]] = []
    columns = (_recipients.c.id, _recipients.c.parent_id, _recipients.c.child_id, _recipients.c.counted)
    for row in session.execute(select(*columns).where(_recipients.c.child_id.in_(parts))).all():
        report = reports[row.child_id]
        counter = report.status if report.status in COUNTED else ""
        if counter != row.counted:
            changes[row.parent_id].update({counter: 1})
            changes[row.parent_id].subtract({row.counted: 1})
            last[row.parent_id] = latest(last.get(row.parent_id), report.ended_at)
            marks.append({"row_id": row.id, "counter": counter})
    if marks:
        session.connection().execute(_MARK, marks)
    for parent_id in sorted(changes):
        session.get(ReportRow, parent_id, with_for_update=True)  # who changes a burst locks its report first
        add(session, parent_id, changes[parent_id], last[parent_id])
    return set(changes)


def add(session: Session, report_id: UUID, change: Mapping[str, int], at: datetime | None = None) -> None:
    """Add to the counters of a burst."""
    session.flush()
    row = session.get(BurstRow, report_id, populate_existing=True, with_for_update=True)
    assert row is not None, "a report is a part of a burst only once that is known"
    for name, count in change.items():
        if name and count:
            setattr(row, name, getattr(row, name) + count)
    row.last_at = latest(row.last_at, at) or row.last_at


def refused(row: BurstRow) -> int:
    """Lines without a report."""
    return sum(getattr(row, name) for name in REFUSALS)


def under_way(row: BurstRow) -> int:
    """Reports that have neither ended nor wait for a person."""
    ended: int = sum(getattr(row, name) for name in COUNTED)
    return max(0, row.ordered - ended)


def shown_state(row: BurstRow) -> str:
    """The state as people are told: once all reports are ordered they are `going`, and then it is `done`."""
    if row.state != "spread":
        return row.state
    return "done" if _is_over(row) else "going"


def outcome(session: Session, row: BurstRow) -> Outcome:
    """What became of the burst so far."""
    if row.state in ("held", "paused"):
        return Outcome("held", row.reason, None)
    if not _is_over(row):
        return Outcome("delivering", "", None)
    if row.held:
        reports = "1 report waits" if row.held == 1 else f"{row.held:,} reports wait"
        return Outcome("held", f"{reports} for an approval.", None)
    return Outcome(_status(row), _reason(session, row), row.last_at)


def _is_over(row: BurstRow) -> bool:
    """All reports have ended that are ordered, and the last one is."""
    if row.state == "stopped":
        return under_way(row) == 0
    return row.state == "spread" and row.ordered + refused(row) >= row.recipients and under_way(row) == 0


def _status(row: BurstRow) -> ReportStatus:
    reached = row.completed + row.partial
    if row.state == "stopped":
        return "partial" if reached else "cancelled"
    amiss = row.failed + row.partial + refused(row)
    if not amiss and not row.cancelled:
        return "completed" if reached else "skipped"
    if reached:
        return "partial"
    return "failed" if amiss else "cancelled"


def _reason(session: Session, row: BurstRow) -> str:
    if row.state == "stopped":
        why = f": {row.reason.rstrip('.')}." if row.reason else "."
        return f"Stopped by {row.changed_by}{why} Of {row.recipients:,} recipients, {row.completed:,} got their report."
    counts = [f"{getattr(row, name):,} {words}" for name, words in _WORDS.items() if getattr(row, name)]
    if not counts:
        return _nobody(row)
    *first, last = counts
    listed = f"{', '.join(first)} and {last}" if first else last
    example = _example(session, row.report_id)
    return f"Of {row.recipients:,} recipients, {listed}" + (f": {example}" if example else ".")


def _nobody(row: BurstRow) -> str:
    if row.completed:
        return ""
    if not row.recipients:
        return "The recipients query gave nobody."
    return f"None of the {row.recipients:,} recipients was to get a report."


def _example(session: Session, report_id: UUID) -> str:
    """The first failure, or the first line without a report."""
    bad = (
        select(BurstRecipientRow.address, ReportRow.reason)
        .join(ReportRow, ReportRow.id == BurstRecipientRow.child_id)
        .where(
            BurstRecipientRow.parent_id == report_id,
            BurstRecipientRow.counted.in_(("failed", "partial", "cancelled")),
        )
    )
    refused_ones = select(BurstRecipientRow.address, BurstRecipientRow.reason).where(
        BurstRecipientRow.parent_id == report_id, BurstRecipientRow.refusal != ""
    )
    for query in (bad, refused_ones):
        found: Any = session.execute(query.order_by(BurstRecipientRow.address).limit(1)).one_or_none()
        if found is not None:
            return f"{found.address}: {found.reason}" if found.address else str(found.reason)
    return ""
