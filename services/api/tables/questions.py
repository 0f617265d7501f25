"""Questions that other services answer: does this source, mail server or destination work, does this template fit?"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from services.api.tables.base import Base


class SourceTestRow(Base):
    """A test of a source. `ok` is null until a generator has answered."""

    __tablename__ = "source_tests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    source_id: Mapped[UUID] = mapped_column(index=True)
    source_name: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ok: Mapped[bool | None]
    sentences: Mapped[list[Any]]
    seconds: Mapped[float | None]


class TemplateCheckRow(Base):
    """A dry run of a template. `unknown` says why its source could not be asked."""

    __tablename__ = "template_checks"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    slug: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ok: Mapped[bool | None]
    problems: Mapped[list[Any]]
    fields: Mapped[list[Any]]
    unknown: Mapped[str]
    seconds: Mapped[float | None]


class DeliveryTestRow(Base):
    """A test of a mail server or a destination. `kind` is profile or destination; `ok` is null until it is answered."""

    __tablename__ = "delivery_tests"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str]
    subject_id: Mapped[UUID] = mapped_column(index=True)
    subject_name: Mapped[str]
    requested_by: Mapped[str]
    requested_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ok: Mapped[bool | None]
    sentences: Mapped[list[Any]]
    seconds: Mapped[float | None]
