"""How recipients are shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast
from uuid import UUID

from sqlalchemy.orm import Session

from libs.common.addresses import AllowedDomains
from libs.common.delivering import SuppressionCause
from libs.common.messages import RecipientBounced
from services.api.consent import (
    ALL_SCHEDULES,
    last_deliveries,
    preferences_of,
    schedule_names,
    suppression_of,
    wants,
)
from services.api.schemas.consent import BounceView, PreferenceView, RecipientDetails, SuppressionView
from services.api.tables import PreferenceRow, SuppressionRow
from services.api.views.deliveries import delivery_view


def recipient_details(session: Session, address: str, allowed: AllowedDomains) -> RecipientDetails:
    """All that is known of a recipient; somebody of whom nothing is known may be written to."""
    preferences, suppression = preferences_of(session, address), suppression_of(session, address)
    names = schedule_names(session, preferences)
    return RecipientDetails(
        address=address,
        allowed=allowed.allows(address),
        wants_letters=wants(preferences, None),
        suppression=None if suppression is None else suppression_view(suppression),
        preferences=[preference_view(one, names) for one in preferences],
        deliveries=[delivery_view(one) for one in last_deliveries(session, address)],
    )


def preference_view(row: PreferenceRow, names: Mapping[UUID, str]) -> PreferenceView:
    """One preference; `names` are those of the schedules."""
    schedule_id = None if row.schedule_id == ALL_SCHEDULES else row.schedule_id
    return PreferenceView(
        schedule_id=schedule_id,
        schedule_name=names.get(row.schedule_id),
        wanted=row.wanted,
        said_by=row.said_by,
        changed_at=row.changed_at,
    )


def suppression_view(row: SuppressionRow) -> SuppressionView:
    """One entry of the list."""
    return SuppressionView(
        address=row.address,
        cause=cast("SuppressionCause", row.cause),
        detail=row.detail,
        said_by=row.said_by,
        since=row.changed_at,
    )


def bounce_view(event: RecipientBounced) -> BounceView:
    """What was understood of a notice."""
    return BounceView(
        delivery_id=event.delivery_id,
        address=event.address,
        hard=event.hard,
        failed=event.failed,
        complaint=event.complaint,
        status=event.status,
        diagnostic=event.diagnostic,
    )
