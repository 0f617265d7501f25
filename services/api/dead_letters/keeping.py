"""Keeps dead letters in the record, each once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from libs.common.metrics import DEAD_LETTERS
from libs.common.store import Store, upsert
from services.api.dead_letters.causes import cause_id_of, class_of, stage_of
from services.api.dead_letters.reading import Dead, uuid_in
from services.api.tables import DeadLetterRow, ReportRow, table_of

MAX_BODY_BYTES = 4_000_000


def keep(session: Session, dead: Dead) -> bool:
    """Write the dead letter down; False if it is known. The one that it is a replay of has failed again with it."""
    payload = dead.payload
    report_id = uuid_in(payload, "report_id")
    values: dict[str, Any] = {
        "id": dead.id,
        "message_id": dead.message_id,
        "queue": dead.queue,
        "wire_name": dead.wire_name,
        "stage": stage_of(dead),
        "error_class": class_of(dead),
        "cause": dead.reason,
        "cause_id": cause_id_of(dead),
        "exception": dead.exception,
        "traceback": dead.traceback,
        "attempts": dead.attempts,
        "failed_at": dead.failed_at,
        "body": dead.body[:MAX_BODY_BYTES],
        "payload": payload,
        "report_id": report_id,
        "delivery_id": uuid_in(payload, "delivery_id"),
        "schedule_id": uuid_in(payload, "schedule_id") or _schedule_of(session, report_id),
        "replays": dead.replays,
        "replay_of": dead.replay_of,
        "state": "open",
        "settled_by": "",
        "settled_reason": "",
    }
    if not upsert(session, table_of(DeadLetterRow), values, key=["id"], update=[]):
        return False
    if dead.replay_of is not None:
        session.execute(
            update(DeadLetterRow)
            .where(DeadLetterRow.id == dead.replay_of, DeadLetterRow.state == "replayed")
            .values(state="failed_again")
        )
    return True


def count_open(records: Store) -> None:
    """Set the metric to what is open now."""
    query = (
        select(DeadLetterRow.stage, DeadLetterRow.error_class, func.count())
        .where(DeadLetterRow.state == "open")
        .group_by(DeadLetterRow.stage, DeadLetterRow.error_class)
    )
    with records.read() as session:
        found: Iterable[Any] = session.execute(query).all()
    DEAD_LETTERS.clear()
    DEAD_LETTERS.labels("deliver", "permanent").set(0)  # none at all would look like nobody counting
    for stage, error_class, count in found:
        DEAD_LETTERS.labels(stage, error_class).set(count)


def _schedule_of(session: Session, report_id: Any) -> Any:
    if report_id is None:
        return None
    return session.execute(select(ReportRow.schedule_id).where(ReportRow.id == report_id)).scalar_one_or_none()
