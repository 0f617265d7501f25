"""Who did what to which thing, when."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session

from services.api.people import Caller
from services.api.tables import AuditRow

Act = Literal[
    "created",
    "changed",
    "deleted",
    "requested",
    "cancelled",
    "approved",
    "revoked",
    "renewed",
    "replayed",
    "discarded",
]
Kind = Literal[
    "source",
    "template",
    "schedule",
    "calendar",
    "report",
    "maintenance",
    "profile",
    "destination",
    "delivery",
    "user",
    "dead_letter",
    "announcement",
]


def note(session: Session, caller: Caller, act: Act, kind: Kind, subject_id: UUID, now: datetime, **facts: Any) -> None:
    """Keep that `caller` did this, in the transaction in which it was done. `facts` must not hold a secret."""
    session.add(
        AuditRow(
            at=now,
            user_id=caller.user_id,
            user_name=caller.name,
            act=act,
            kind=kind,
            subject_id=subject_id,
            facts=facts,
        )
    )
