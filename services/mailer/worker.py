"""Receives the commands of both mail queues; urgent letters have lanes of their own."""

from __future__ import annotations

from libs.common.commands import CommandBroker
from libs.common.handlers import Attempt, handle
from libs.common.messages import DeliverReport
from libs.common.topology import MAIL_QUEUES
from libs.common.worker import CommandWorker
from services.mailer.deliver import PostOffice, deliver
from services.mailer.settings import MailerSettings


def mail_worker(broker: CommandBroker, settings: MailerSettings, office: PostOffice) -> CommandWorker:
    """The part that takes DeliverReport from the queues and hands each to `deliver`."""

    async def deliver_report(command: DeliverReport, attempt: Attempt) -> None:
        await deliver(command, attempt, office)

    handle(
        broker,
        DeliverReport,
        deliver_report,
        queue=MAIL_QUEUES["normal"],
        max_retries=settings.mailer_max_attempts - 1,
        min_backoff_ms=int(settings.mailer_min_backoff_seconds * 1000),
        max_backoff_ms=int(settings.mailer_max_backoff_seconds * 1000),
    )
    lanes = {
        MAIL_QUEUES["urgent"]: settings.mailer_urgent_threads,
        MAIL_QUEUES["normal"]: settings.mailer_normal_threads,
    }
    return CommandWorker(broker, lanes)
