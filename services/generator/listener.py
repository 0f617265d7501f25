"""Hears that somebody does not want a report any more."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.orm import Session

from libs.common.clock import Clock
from libs.common.logs import bound
from libs.common.messages import Event, ReportCancelRequested
from libs.common.metrics import REPORTS
from libs.common.outbox import Outbox
from services.generator.burst import bursts
from services.generator.endings import cancelled
from services.generator.held import let_go
from services.generator.journal import Cancellation, Journal

log = logging.getLogger(__name__)


class CancelListener:
    """The handler of the request. `wake` is called after each commit that may concern a report under way here.

    The request may come at any time: before the command of its report (the report then never begins), while the report
    waits or is held (it ends now), while somebody makes it (they stop), and after it has ended (it is too late).
    """

    def __init__(self, journal: Journal, *, clock: Clock, wake: Callable[[], None]) -> None:
        self._journal = journal
        self._clock = clock
        self._wake = wake

    def handlers(self) -> Mapping[type[Event], Callable[[Session, Any], None]]:
        """What to call for which event."""
        return {ReportCancelRequested: self.cancel_requested}

    def cancel_requested(self, session: Session, request: ReportCancelRequested) -> None:
        """Write the request into the journal, and announce the end if there is nobody to wait for."""
        now, cancellation = self._clock(), Cancellation(request.requested_by, request.reason)
        attempt = self._journal.cancel(session, request.report_id, cancellation, now)
        if attempt is not None:
            let_go(session, request.report_id)
            Outbox(session, now).add(cancelled(request.report_id, attempt, cancellation, now))
            REPORTS.labels("cancelled").inc()
        else:
            bursts.stop(session, request.report_id, now, reason=request.reason, by=request.requested_by)
        with bound(report_id=request.report_id):
            facts = {"by": request.requested_by, "is_over": attempt is not None}
            log.info("somebody does not want a report", extra=facts)
        event.listen(session, "after_commit", lambda _: self._wake(), once=True)
