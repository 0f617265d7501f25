"""Hears that somebody does not want a report any more, and what is said by and about recipients."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from libs.common.clock import Clock
from libs.common.logs import bound
from libs.common.messages import (
    Event,
    RecipientBounced,
    RecipientPreferenceSet,
    RecipientSuppressed,
    ReportCancelRequested,
)
from services.mailer.bounces import take_bounce
from services.mailer.consent import on_preference_set, on_suppressed
from services.mailer.endings import announce_stopped
from services.mailer.ledger import Ledger

log = logging.getLogger(__name__)

Handlers = Mapping[type[Event], Callable[[Session, Any], None]]

RECIPIENT_HANDLERS: Handlers = {
    RecipientPreferenceSet: on_preference_set,
    RecipientSuppressed: on_suppressed,
    RecipientBounced: take_bounce,
}
"""What to do when something is said by or about a recipient."""


class CancelListener:
    """The handler of the request: letters that wait are not sent, whether their commands have come or will come.

    A letter that is being handed over, and one whose fate is known, stays what it is.
    """

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    def handlers(self) -> Handlers:
        """What to call for which event."""
        return {ReportCancelRequested: self.cancel_requested}

    def cancel_requested(self, session: Session, request: ReportCancelRequested) -> None:
        """Cancel what waits, and announce each."""
        now, reason = self._clock(), _reason(request)
        stopped = self._ledger.cancel(session, request.report_id, reason, now)
        for delivery in stopped:
            announce_stopped(session, delivery, reason, now)
        with bound(report_id=request.report_id):
            log.info("somebody stopped a report", extra={"by": request.requested_by, "deliveries": len(stopped)})


def _reason(request: ReportCancelRequested) -> str:
    why = f": {request.reason.rstrip('.')}" if request.reason else ""
    return f"Cancelled by {request.requested_by}{why}."
