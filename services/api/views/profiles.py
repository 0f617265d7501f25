"""What is shown of a mail server: never its password."""

from __future__ import annotations

from services.api.schemas.profiles import ProfileView
from services.api.tables import ProfileRow


def profile_view(row: ProfileRow) -> ProfileView:
    """What may be seen of a profile."""
    return ProfileView(
        id=row.id,
        name=row.name,
        url=row.shown,
        sender=row.sender,
        reply_to=row.reply_to,
        cc=row.cc,
        bcc=row.bcc,
        per_minute=row.per_minute,
        connections=row.connections,
        max_megabytes=row.max_megabytes,
        ca_certificate=row.ca_certificate,
        is_default=row.is_default,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
