"""Receives the commands of both mail queues; urgent letters have lanes of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypedDict

from libs.common.addresses import parse_allowed
from libs.common.commands import CommandBroker
from libs.common.handlers import Attempt, handle
from libs.common.messages import DeliverReport, SendNotice, TestDestination, TestProfile
from libs.common.topology import MAIL_QUEUES
from libs.common.worker import CommandWorker
from services.mailer.channels.sender import Places
from services.mailer.channels.try_destination import try_destination
from services.mailer.clerk import Clerk
from services.mailer.deliver import PostOffice, deliver
from services.mailer.notices import send_notice
from services.mailer.settings import MailerSettings
from services.mailer.try_profile import try_profile


class _Patience(TypedDict):
    """From which queue a command comes, and how often and when it is tried again (see handlers.py)."""

    queue: str
    max_retries: int
    min_backoff_ms: int
    max_backoff_ms: int


_WHILE_A_PERSON_WAITS = _Patience(
    queue=MAIL_QUEUES["urgent"], max_retries=2, min_backoff_ms=1_000, max_backoff_ms=10_000
)


def mail_worker(broker: CommandBroker, settings: MailerSettings, office: PostOffice) -> CommandWorker:
    """The part that takes DeliverReport and SendNotice from the queues."""

    async def deliver_report(command: DeliverReport, attempt: Attempt) -> None:
        await deliver(command, attempt, office)

    async def tell(command: SendNotice, attempt: Attempt) -> None:
        await send_notice(command, attempt, office)

    patience = _Patience(
        queue=MAIL_QUEUES["normal"],
        max_retries=settings.mailer_max_attempts - 1,
        min_backoff_ms=int(settings.mailer_min_backoff_seconds * 1000),
        max_backoff_ms=int(settings.mailer_max_backoff_seconds * 1000),
    )
    handle(broker, DeliverReport, deliver_report, **patience)
    handle(broker, SendNotice, tell, **patience)
    return CommandWorker(broker, lanes(settings))


def answer_tests_of_destinations(broker: CommandBroker, places: Places, clerk: Clerk) -> None:
    """Take TestDestination from the queue of urgent letters: a person waits."""

    async def answer(command: TestDestination, _attempt: Attempt) -> None:
        await try_destination(command, places, clerk)

    handle(broker, TestDestination, answer, **_WHILE_A_PERSON_WAITS)


def answer_tests_of_profiles(broker: CommandBroker, settings: MailerSettings, office: PostOffice) -> None:
    """Take TestProfile from the queue of urgent letters: a person waits."""
    allowed = parse_allowed(settings.allowed_domains)

    async def answer(command: TestProfile, _attempt: Attempt) -> None:
        await try_profile(command, office, allowed)

    handle(broker, TestProfile, answer, **_WHILE_A_PERSON_WAITS)


def lanes(settings: MailerSettings) -> Mapping[str, int]:
    """How many letters of each queue are under way at the same time."""
    return {
        MAIL_QUEUES["urgent"]: settings.mailer_urgent_threads,
        MAIL_QUEUES["normal"]: settings.mailer_normal_threads,
    }
