"""Links in letters: how often each was followed, and which work no more."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class LinkRow(Base):
    """The downloads over one link. The first one makes the row: links that nobody follows need none."""

    __tablename__ = "links"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    report_id: Mapped[UUID]
    delivery_id: Mapped[UUID] = mapped_column(index=True)
    artifact_key: Mapped[str]
    address: Mapped[str]
    downloads: Mapped[int]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class LinkRevocationRow(Base):
    """The links of a delivery of a generation before this one work no more."""

    __tablename__ = "link_revocations"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    generation: Mapped[int]
    revoked_at: Mapped[datetime]
    revoked_by: Mapped[str]
