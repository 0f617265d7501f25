"""Tests of mail servers and destinations as people see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec


class DeliveryTestView(msgspec.Struct, kw_only=True):
    """A test of a mail server or a destination, made by a mailer."""

    id: UUID
    subject_id: Annotated[UUID, msgspec.Meta(description="The profile or destination.")]
    subject_name: str
    status: Annotated[Literal["pending", "ok", "failed"], msgspec.Meta(description="pending: no answer yet.")]
    sentences: Annotated[list[str], msgspec.Meta(description="What a mailer has found, in words.")]
    seconds: float | None
    requested_at: datetime
    answered_at: datetime | None
    url: Annotated[str, msgspec.Meta(description="Where to look again.")]
