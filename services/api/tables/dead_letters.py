"""What failed for good and waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class DeadLetterRow(Base):
    """One message that nobody will try again by itself. `state` is open, replayed, failed_again or discarded.

    `cause_id` is the same for all that failed for the same reason; `body` is the message as it was; `replays` counts
    how often it had been replayed before it failed this time.
    """

    __tablename__ = "dead_letters"
    __table_args__ = (
        Index("ix_dead_letters_state_failed_at", "state", "failed_at"),
        Index("ix_dead_letters_cause_id_state", "cause_id", "state"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    message_id: Mapped[str]
    queue: Mapped[str]
    wire_name: Mapped[str]
    stage: Mapped[str]
    error_class: Mapped[str]
    cause: Mapped[str]
    cause_id: Mapped[str]
    exception: Mapped[str]
    traceback: Mapped[str]
    attempts: Mapped[int]
    failed_at: Mapped[datetime]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    payload: Mapped[dict[str, Any] | None]
    report_id: Mapped[UUID | None] = mapped_column(index=True)
    delivery_id: Mapped[UUID | None]
    schedule_id: Mapped[UUID | None] = mapped_column(index=True)
    replays: Mapped[int]
    replay_of: Mapped[UUID | None]
    state: Mapped[str]
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str]
    settled_reason: Mapped[str]
