"""Who may use the api, what they asked for, and what they did."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class UserRow(Base):
    """Somebody who may use the api."""

    __tablename__ = "users"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    email: Mapped[str] = mapped_column(default="")
    created_at: Mapped[datetime]


class TokenRow(Base):
    """A bearer token, known by its SHA-256 only. `origin` is `command` or `setting`."""

    __tablename__ = "tokens"

    sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id"), index=True)
    origin: Mapped[str]
    created_at: Mapped[datetime]


class RequestRow(Base):
    """A request that came with an Idempotency-Key. `fingerprint` tells whether its repetition has the same body."""

    __tablename__ = "requests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID]
    kind: Mapped[str]
    fingerprint: Mapped[str]
    created_at: Mapped[datetime]


class AuditRow(Base):
    """Who did what to which thing, when. `facts` never holds a secret."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    user_id: Mapped[UUID | None]
    user_name: Mapped[str]
    act: Mapped[str]
    kind: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    facts: Mapped[dict[str, Any]]
