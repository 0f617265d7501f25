"""What the generator tells about bursts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import msgspec
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from libs.common.delivering import BurstRecipient
from libs.common.messages import BurstAdvanced, BurstChanged, BurstChecked, ReportSpread
from libs.common.store import add_missing
from services.api.record.ending import settle
from services.api.record.parts import add
from services.api.record.reports import advance, keep_attempt, known_report, unheard_of
from services.api.tables import BurstCheckRow, BurstRecipientRow, BurstRow, ReportRow, table_of

_OF_THE_ORDER = ("report_type", "title", "source_name", "parameters", "formats", "max_attempts")
"""What the reports of a burst share with the one that asked for it."""

_AFTER = {"urgent": "high", "high": "normal", "normal": "low", "low": "low"}
"""The priority of the reports of a burst, by that of its own."""


def on_spread(session: Session, event: ReportSpread) -> None:
    """The recipients are listed."""
    report = known_report(session, event.report_id, event.at)
    advance(report, "spread", event.attempt, event.at, rows=event.recipients)
    report.query_seconds, report.expires_at = event.query_seconds, event.expires_at
    keep_attempt(session, event.report_id, event.attempt, "spread", ended_at=event.at)
    row = _known_burst(session, event.report_id, event.at)
    row.recipients, row.duplicates, row.without_rows = event.recipients, event.duplicates, event.without_rows
    row.cap, row.canary, row.expires_at = event.cap, event.canary, event.expires_at
    if row.version < 1:
        row.version, row.state, row.reason = 1, event.state, event.reason
    settle(session, report)


def on_advanced(session: Session, event: BurstAdvanced) -> None:
    """Some more recipients have got a report of their own, or will get none."""
    parent = known_report(session, event.report_id, event.at)
    _known_burst(session, event.report_id, event.at)
    fresh = _unknown(session, event.report_id, event.recipients)
    if not fresh:
        return
    add_missing(session, table_of(BurstRecipientRow), [_row(parent.id, one) for one in fresh], key=["id"])
    _keep_parts(session, parent, [one for one in fresh if one.report_id is not None], event.at)
    counts: Counter[str] = Counter(one.refusal or "ordered" for one in fresh)
    add(session, parent.id, counts, event.at)
    settle(session, parent)


def on_changed(session: Session, event: BurstChanged) -> None:
    """The burst waits, goes on, is at its end or was stopped."""
    row = _known_burst(session, event.report_id, event.at)
    if event.version > row.version:
        row.version, row.state, row.reason, row.changed_by = event.version, event.state, event.reason, event.by
        row.last_at = max(row.last_at, event.at)
    settle(session, known_report(session, event.report_id, event.at))


def on_checked(session: Session, event: BurstChecked) -> None:
    """Somebody's dry run has an answer; the first one counts."""
    row = session.get(BurstCheckRow, event.check_id)
    if row is None or row.answered_at is not None:
        return
    facts: dict[str, Any] = msgspec.to_builtins(event)
    row.answered_at, row.facts = event.at, facts


def adopt(session: Session, parent: ReportRow) -> None:
    """What was ordered is known by now: the reports of the burst that were told of before get it too."""
    session.flush()
    session.execute(
        update(ReportRow)
        .where(ReportRow.parent_id == parent.id, ReportRow.report_type.is_(None))
        .values(**_shared(parent))
    )


def _known_burst(session: Session, report_id: UUID, at: datetime) -> BurstRow:
    """The row of this burst, locked against other listeners; a first one if nothing told of it before."""
    session.flush()
    row = session.get(BurstRow, report_id, with_for_update=True)
    if row is None:
        first = {"report_id": report_id, "state": "spreading", "version": 0, "last_at": at}
        add_missing(session, table_of(BurstRow), [first], key=["report_id"])
        row = session.get(BurstRow, report_id, with_for_update=True)
        assert row is not None
    return row


def _unknown(session: Session, parent_id: UUID, recipients: Sequence[BurstRecipient]) -> list[BurstRecipient]:
    """Those of whom nothing was told before: said twice it counts once."""
    wanted = {_id(parent_id, one): one for one in recipients}
    known = session.execute(select(BurstRecipientRow.id).where(BurstRecipientRow.id.in_(wanted))).scalars()
    return [wanted[one] for one in wanted.keys() - set(known)]


def _id(parent_id: UUID, one: BurstRecipient) -> UUID:
    return uuid5(parent_id, f"recipient:{one.position}")


def _row(parent_id: UUID, one: BurstRecipient) -> dict[str, Any]:
    return {
        "id": _id(parent_id, one),
        "parent_id": parent_id,
        "position": one.position,
        "address": one.address,
        "name": one.name,
        "channel": one.channel,
        "child_id": one.report_id,
        "refusal": one.refusal,
        "reason": one.reason,
        "counted": "",
    }


def _keep_parts(session: Session, parent: ReportRow, parts: Sequence[BurstRecipient], at: datetime) -> None:
    """A row for each report, in one go; those of which something was heard before are told whose they are."""
    wanted = {one.report_id: one for one in sorted(parts, key=_by_report) if one.report_id is not None}
    rows = [{"id": one, **unheard_of(at), **_facts(parent, wanted[one], at)} for one in wanted]
    add_missing(session, table_of(ReportRow), rows, key=["id"])
    # Those that were there are looked for afterwards: another listener may have made them just now.
    heard = select(ReportRow).where(ReportRow.id.in_(wanted), ReportRow.parent_id.is_(None)).order_by(ReportRow.id)
    for row in session.execute(heard.with_for_update(), execution_options={"populate_existing": True}).scalars():
        for name, value in _facts(parent, wanted[row.id], at).items():
            setattr(row, name, value)
        settle(session, row)


def _by_report(one: BurstRecipient) -> str:
    """Two listeners that want the same rows do not wait for each other if they take them in the same order."""
    return str(one.report_id)


def _facts(parent: ReportRow, one: BurstRecipient, at: datetime) -> dict[str, Any]:
    shared = _shared(parent)
    own = dict(one.values)
    if shared["parameters"] is not None:
        shared["parameters"] = {**shared["parameters"], **own}
    return {
        **shared,
        "formats": list(one.formats) or shared["formats"],
        "parent_id": parent.id,
        "recipients": [{"address": one.address, "name": one.name}],
        "created_at": at,
    }


def _shared(parent: ReportRow) -> dict[str, Any]:
    values: Mapping[str, Any] = {name: getattr(parent, name) for name in _OF_THE_ORDER}
    return {
        **values,
        "priority": _AFTER.get(parent.priority or ""),
        "occurrence_id": parent.occurrence_id,
        "schedule_id": parent.schedule_id,
        "scheduled_for": parent.scheduled_for,
    }
