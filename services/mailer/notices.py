"""Notices: letters that tell somebody who answers for a schedule what has happened to it.

A notice goes the way of a report without files: the same ledger, the same senders, at most once, and `unknown` if
nobody heard the answer. But nobody is told of it, so that no failure breeds others: one that cannot be delivered ends
as `rejected`, never as a dead letter, and all that the others hear is its end.
"""

from __future__ import annotations

import logging

from libs.common.delivering import Manner
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.messages import DeliverReport, SendNotice
from services.mailer.deliver import PostOffice, deliver

log = logging.getLogger(__name__)


async def send_notice(notice: SendNotice, attempt: Attempt, office: PostOffice) -> None:
    """Make one attempt at the notice; TransientFailure or NotYet if there will be another one."""
    try:
        await deliver(_as_delivery(notice), attempt, office, notice)
    except PermanentFailure as failure:
        _let_go(notice, failure)
    except TransientFailure as failure:
        if not attempt.is_last:
            raise
        _let_go(notice, failure)


def _as_delivery(notice: SendNotice) -> DeliverReport:
    """Where the notice goes, in the terms of a delivery."""
    return DeliverReport(
        delivery_id=notice.notice_id,
        report_id=notice.notice_id,
        title=notice.subject,
        channel=notice.destination.kind if notice.destination is not None else "email",
        recipient=notice.recipient,
        artifacts=(),
        schedule_id=notice.schedule_id,
        generated_at=notice.requested_at,
        manner=Manner(profile=notice.profile),
        destination=notice.destination,
    )


def _let_go(notice: SendNotice, failure: Exception) -> None:
    """The ledger and the record say so already."""
    facts = {"notice_id": str(notice.notice_id), "reason": str(failure)}
    log.warning("a notice cannot be delivered, and nobody is told of that", extra=facts)
