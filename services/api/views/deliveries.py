"""What is shown of a delivery."""

from __future__ import annotations

from typing import cast

from libs.common.delivering import Channel
from services.api.schemas.common import DeliveryState
from services.api.schemas.reports import DeliveryAttemptView, DeliveryView
from services.api.tables import DeliveryAttemptRow, DeliveryRow


def delivery_view(row: DeliveryRow) -> DeliveryView:
    """A delivery with its attempts."""
    return DeliveryView(
        id=row.id,
        report_id=row.report_id,
        channel=cast("Channel", row.channel),
        address=row.address,
        name=row.name,
        state=cast("DeliveryState", row.state),
        attempt=row.attempt,
        max_attempts=row.max_attempts,
        reason=row.reason,
        answer=row.answer,
        message_id=row.rfc_message_id,
        queue_id=row.queue_id,
        form=row.form,
        bytes=row.bytes,
        ended_at=row.ended_at,
        attempts=[_attempt(one) for one in row.attempts],
    )


def _attempt(row: DeliveryAttemptRow) -> DeliveryAttemptView:
    return DeliveryAttemptView(
        attempt=row.attempt,
        outcome=cast("DeliveryState", row.outcome),
        at=row.at,
        reason=row.reason,
        answer=row.answer,
        seconds=row.seconds,
    )
