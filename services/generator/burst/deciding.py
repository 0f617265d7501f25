"""What people decide about a burst: it goes on, or it is stopped. Said twice it changes nothing."""

from __future__ import annotations

import logging

from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import ContinueBurst, StopBurst
from services.generator.burst import bursts
from services.generator.workshop import Workshop

log = logging.getLogger(__name__)


def continue_burst(command: ContinueBurst, _attempt: Attempt, workshop: Workshop) -> None:
    """Let it go on if it waits."""
    with bound(report_id=command.report_id):
        now = workshop.clock()
        with workshop.journal.begin() as session:
            goes_on = bursts.change(
                session, command.report_id, bursts.WAITING, "spreading", now, by=command.requested_by
            )
        log.info("somebody lets a burst go on", extra={"by": command.requested_by, "waited": goes_on})


def stop_burst(command: StopBurst, _attempt: Attempt, workshop: Workshop) -> None:
    """Order no more of its reports; those that are ordered and have not begun find it stopped, and end as cancelled."""
    with bound(report_id=command.report_id):
        now = workshop.clock()
        with workshop.journal.begin() as session:
            stopped = bursts.stop(session, command.report_id, now, reason=command.reason, by=command.requested_by)
        log.info("somebody stops a burst", extra={"by": command.requested_by, "stopped": stopped})
