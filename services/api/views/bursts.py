"""What is shown of bursts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast
from uuid import UUID

import msgspec

from libs.common.delivering import Channel
from libs.common.messages import BurstChecked
from services.api.record.parts import shown_state, under_way
from services.api.schemas.bursts import (
    BurstAccepted,
    BurstCheckView,
    BurstRecipientView,
    BurstSampleView,
    BurstView,
    RecipientStatus,
    ShownState,
)
from services.api.schemas.common import ReportStatus
from services.api.tables import BurstCheckRow, BurstRecipientRow, BurstRow, ReportRow


def burst_view(row: BurstRow) -> BurstView:
    """How far a burst is."""
    return BurstView(
        state=cast("ShownState", shown_state(row)),
        reason=row.reason,
        changed_by=row.changed_by,
        cap=row.cap,
        canary=row.canary,
        recipients=row.recipients,
        duplicates=row.duplicates,
        without_rows=row.without_rows,
        without_address=row.without_address,
        invalid=row.invalid,
        not_allowed=row.not_allowed,
        unfit=row.unfit,
        ordered=row.ordered,
        under_way=under_way(row),
        completed=row.completed,
        partial=row.partial,
        failed=row.failed,
        skipped=row.skipped,
        cancelled=row.cancelled,
        held=row.held,
        expires_at=row.expires_at,
    )


def burst_accepted(report: ReportRow, row: BurstRow | None, detail: str) -> BurstAccepted:
    """The answer to a decision about a burst."""
    assert row is not None
    return BurstAccepted(id=report.id, status=cast("ReportStatus", report.status), detail=detail, burst=burst_view(row))


def burst_recipient_view(row: BurstRecipientRow, reports: Mapping[UUID, ReportRow]) -> BurstRecipientView:
    """A line of the recipients query, with what became of the report."""
    report = reports.get(row.child_id) if row.child_id is not None else None
    return BurstRecipientView(
        address=row.address,
        name=row.name,
        channel=cast("Channel", row.channel),
        status=cast("RecipientStatus", row.refusal or (report.status if report is not None else "queued")),
        reason=row.reason or (report.reason if report is not None else ""),
        report_id=row.child_id,
    )


def burst_check_view(row: BurstCheckRow, objections: Mapping[str, str]) -> BurstCheckView:
    """What a generator has answered, and who of the recipients does not want letters."""
    facts: dict[str, Any] = row.facts or {"seconds": 0.0, "at": row.requested_at.isoformat(), "check_id": str(row.id)}
    found = msgspec.convert(facts, BurstChecked)
    refused = list(objections.values())
    unsubscribed, suppressed = refused.count("unsubscribed"), refused.count("suppressed")
    remarks = list(found.remarks)
    if len(found.addresses) < found.recipients and found.addresses:
        remarks.append(f"Who does not want letters was looked up for the first {len(found.addresses):,} recipients.")
    return BurstCheckView(
        id=row.id,
        requested_at=row.requested_at,
        answered_at=row.answered_at,
        ok=None if row.answered_at is None or found.unknown else not found.problems,
        sentence=None if row.answered_at is None else _sentence(found, unsubscribed, suppressed),
        recipients=found.recipients,
        duplicates=found.duplicates,
        without_rows=found.without_rows,
        without_address=found.without_address,
        invalid=found.invalid,
        not_allowed=found.not_allowed,
        unfit=found.unfit,
        unsubscribed=unsubscribed,
        suppressed=suppressed,
        problems=list(found.problems),
        remarks=remarks,
        sample=[
            BurstSampleView(address=one.address, name=one.name, key=one.key, parameters=dict(one.parameters))
            for one in found.sample
        ],
        seconds=None if row.answered_at is None else found.seconds,
    )


def _sentence(found: BurstChecked, unsubscribed: int, suppressed: int) -> str:
    if found.unknown:
        return f"The source could not be asked: {found.unknown}"
    if found.problems:
        return found.problems[0]
    counts = (
        (found.without_rows or 0, "without rows"),
        (found.without_address, "without an address"),
        (found.invalid, "with an invalid address"),
        (found.not_allowed, "not allowed"),
        (found.unfit, "with unfit values"),
        (unsubscribed, "unsubscribed"),
        (suppressed, "suppressed"),
        (found.duplicates, "named twice"),
    )
    total = found.recipients + found.without_address + found.invalid + found.not_allowed + found.unfit
    recipients = "1 recipient" if total == 1 else f"{total:,} recipients"
    return ", ".join([recipients, *(f"{count:,} {words}" for count, words in counts if count)]) + "."
