"""What the mailer tells about notices."""

from __future__ import annotations

from sqlalchemy.orm import Session

from libs.common.messages import NoticeEnded
from libs.common.metrics import NOTICES
from services.api.tables import NoticeRow


def on_notice_ended(session: Session, event: NoticeEnded) -> None:
    """A notice was sent, or was not; nobody is told of that. The first ending stands."""
    row = session.get(NoticeRow, event.notice_id, with_for_update=True)
    if row is None or row.ended_at is not None:
        return
    row.state, row.reason, row.answer, row.ended_at = event.state, event.reason, event.answer, event.at
    NOTICES.labels(row.cause, row.state).inc()
