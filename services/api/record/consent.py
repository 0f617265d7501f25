"""What the mailer tells about addresses that nobody may write to."""

from __future__ import annotations

from sqlalchemy.orm import Session

from libs.common.messages import SuppressionChanged
from services.api.consent import keep_suppression


def on_suppression_changed(session: Session, event: SuppressionChanged) -> None:
    """An address came to the mailer's list, or was taken from it."""
    keep_suppression(
        session,
        event.address,
        suppressed=event.suppressed,
        cause=event.cause,
        detail=event.detail,
        by=event.by,
        at=event.at,
    )
