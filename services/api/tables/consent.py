"""What is known of recipients: what they want, and who cannot be written to."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class PreferenceRow(Base):
    """What a recipient wants. `schedule_id` is ALL_SCHEDULES for all of them; of two rows the last word counts.

    `address` is the key of `libs/common/addresses.py`, here and below. `said_by` is `recipient` or a user's name.
    """

    __tablename__ = "preferences"

    address: Mapped[str] = mapped_column(primary_key=True)
    schedule_id: Mapped[UUID] = mapped_column(primary_key=True)
    wanted: Mapped[bool]
    said_by: Mapped[str]
    changed_at: Mapped[datetime]


class SuppressionRow(Base):
    """An address that nobody may write to, as the mailer tells. `suppressed` is false once it was released.

    `cause` is bounce, complaint, unsubscribed or by_hand.
    """

    __tablename__ = "suppressions"
    __table_args__ = (Index("ix_suppressions_changed_at_id", "changed_at", "id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(unique=True)
    suppressed: Mapped[bool]
    cause: Mapped[str]
    detail: Mapped[str]
    said_by: Mapped[str]
    changed_at: Mapped[datetime]
