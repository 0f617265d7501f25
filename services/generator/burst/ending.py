"""How the listing of a burst ends: written into the journal and made known, in one transaction."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from libs.common.messages import ReportSpread
from libs.common.metrics import REPORTS
from libs.common.outbox import Outbox
from services.generator.burst import bursts
from services.generator.burst.assignment import Listed
from services.generator.burst.line import piece_key
from services.generator.endings import Turn, refused
from services.generator.journal import Journal, Kept

log = logging.getLogger(__name__)


def write_listed(turn: Turn, listed: Listed, journal: Journal, now: datetime) -> None:
    """Finish the report and let its burst begin; NotYet if a newer attempt has begun."""
    command = turn.command
    assert command.order.burst is not None
    expires_at = now + timedelta(days=command.order.template.keeping.days)
    # Files expire together with all that is beside them: the list and the shares.
    result = [{"key": piece_key(listed.prefix, 0)}]
    with journal.begin() as session:
        kept = Kept(expires_at=expires_at)
        if not journal.end(session, command.report_id, turn.number, "finished", now, result=result, kept=kept):
            raise refused(session, turn, journal)
        state, reason = bursts.begin(session, command, listed, now)
        Outbox(session, now).add(
            ReportSpread(
                at=now,
                report_id=command.report_id,
                attempt=turn.number,
                recipients=listed.lines,
                duplicates=listed.duplicates,
                without_rows=listed.without_rows,
                state=state,
                reason=reason,
                cap=command.order.burst.cap,
                canary=command.order.burst.canary,
                query_seconds=listed.query_seconds,
                expires_at=expires_at,
            )
        )
    REPORTS.labels("spread").inc()
    log.info("the recipients of a burst are listed", extra={"recipients": listed.lines, "state": state})
