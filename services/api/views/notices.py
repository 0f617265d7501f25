"""What is shown of notices and announcements."""

from __future__ import annotations

from typing import cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.api.schemas.notices import AnnouncementView, NoticeCause, NoticeState, NoticeView
from services.api.tables import AnnouncementRow, NoticeRow


def notice_view(row: NoticeRow) -> NoticeView:
    """A notice with what became of it."""
    return NoticeView(
        id=row.id,
        cause=cast("NoticeCause", row.cause),
        state=cast("NoticeState", row.state),
        owner=row.owner,
        destination=row.destination,
        address=row.address,
        schedule_id=row.schedule_id,
        schedule_name=row.schedule_name,
        report_id=row.report_id,
        announcement_id=row.announcement_id,
        subject=row.subject,
        sentence=row.sentence,
        more=row.more,
        reason=row.reason,
        answer=row.answer,
        created_at=row.created_at,
        ended_at=row.ended_at,
    )


def announcement_view(session: Session, row: AnnouncementRow) -> AnnouncementView:
    """An announcement, and how many got it."""
    told = select(NoticeRow.state, func.count()).where(NoticeRow.announcement_id == row.id).group_by(NoticeRow.state)
    return AnnouncementView(
        id=row.id,
        subject=row.subject,
        text=row.text,
        scope=row.scope["scope"],
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        announced_by=row.announced_by,
        created_at=row.created_at,
        schedules=row.schedules,
        told={cast("NoticeState", state): count for state, count in session.execute(told)},
        notices=f"/api/v1/notices?announcement={row.id}",
    )
