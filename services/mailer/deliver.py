"""Deliver one report to one recipient: at most one letter, and a line in the ledger that says what became of it.

The state in the ledger decides, whatever the broker says: `pending` and `deferred` mean that the letter may be tried,
`sending` that a mailer has handed it over and waits for the answer, all others that nothing is left to do. `sending`
is written right before the final dot, the one moment from which the mail server may accept the letter. The command is
acknowledged only after this function has returned.

Where a SIGKILL can hit, and what happens to the command when the broker delivers it again:

1. before the attempt is written down: nothing has happened; it is attempted.
2. after that, while files are read, we connect, or the content is sent: the server has seen no final dot and forgets
   the letter; the attempt counts as interrupted and the next one begins.
3. after `sending` is written and before the dot leaves: no letter, but nobody can know that: see 4.
4. after the dot and before the answer, or after the answer and before it is written down: the letter has probably
   arrived. While its lease is renewed another mailer is waiting for the answer, so the command is put back; once the
   lease has run out the delivery becomes `unknown` and is never sent again, unless its schedule wants that.
5. after the end is written down: its event is in the outbox and leaves when a mailer runs again; nothing else is done.

So a recipient can be without a letter only in 3 and 4, where the ledger says `unknown`, and nobody gets two. The same
holds for every channel: what is a final dot to a mail server is the end of a request to a webhook (see `senders.py`).

Two mailers with the same command (the broker may deliver it twice): each attempt has a number, the newer one wins,
and the change to `sending` is conditional on it. The older mailer then cuts its connection before the dot. A mailer
that was asleep for longer than its lease finds its `sending` turned to `unknown`, and leaves it so.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec
from sqlalchemy.orm import Session

from libs.common.clock import Clock
from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import DeliverReport, SendNotice
from libs.common.metrics import DELIVERIES, DELIVERY_SECONDS
from libs.common.topology import MAIL_QUEUES
from services.mailer.clerk import Clerk, once_written
from services.mailer.consent import objection
from services.mailer.endings import Turn, accepted, announce, cancelled, ending_of, lost, suppressed, verdict
from services.mailer.handovers import Handovers
from services.mailer.ledger import SETTLED, Ending, Kind, Ledger
from services.mailer.letter import message_id_of
from services.mailer.paces import Paces
from services.mailer.profiles import Profiles
from services.mailer.senders import Errand, Sender, Senders
from services.mailer.shares import Shares

log = logging.getLogger(__name__)

T = TypeVar("T")

LEDGER_AWAY_SECONDS = 30.0
OVERTAKEN_SECONDS = 60.0
INSIST_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between the tries to write down an answer that we have: forgetting it would make the delivery `unknown`."""


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """What a delivery needs: where to write, who sends over which channel, and how much at a time."""

    ledger: Ledger
    clerk: Clerk
    handovers: Handovers
    profiles: Profiles
    senders: Senders
    shares: Shares
    paces: Paces
    clock: Clock


async def deliver(
    command: DeliverReport, attempt: Attempt, office: PostOffice, notice: SendNotice | None = None
) -> None:
    """Make one attempt at the delivery, unless the ledger says that there is none to make. `notice`: see notices.py.

    A failure is written down and announced before it is raised, as PermanentFailure or TransientFailure. NotYet is
    raised if another mailer is at work on the delivery, its server has enough to do, or the ledger is away.
    """
    place, most = _place(command)
    tier = MAIL_QUEUES[command.priority]
    with bound(report_id=command.report_id, delivery_id=command.delivery_id):
        async with office.shares.lane(place, tier, most):
            turn = await _begin(command, attempt, office, notice)
            if turn is not None:
                with office.handovers.held(turn), DELIVERY_SECONDS.labels(command.channel).time():
                    await _attempt(turn, office)


def _place(command: DeliverReport) -> tuple[Hashable, int]:
    """Where it goes, and how many may go there at a time; 0 if there is no limit."""
    if command.destination is not None:
        return command.destination.destination_id, 0
    profile = command.manner.profile
    return (profile.profile_id, profile.connections) if profile else (None, 0)


# Beginning -------------------------------------------------------------------------------------------------


class Lost(msgspec.Struct, frozen=True):
    """Nobody has heard the answer to the letter, which must be written down for good."""


async def _begin(
    command: DeliverReport, attempt: Attempt, office: PostOffice, notice: SendNotice | None
) -> Turn | None:
    # A beginning that a power cut undoes has begun nothing: `sending` is written, durably, before the final dot.
    found = await _ask(office, lambda session: take_up(session, command, attempt, office, notice), may_be_lost=True)
    if isinstance(found, Lost):
        return await _ask(office, lambda session: give_up_waiting(session, command, attempt, office, notice))
    return found


def take_up(
    session: Session, command: DeliverReport, attempt: Attempt, office: PostOffice, notice: SendNotice | None = None
) -> Turn | Lost | None:
    """Begin an attempt, or return None if nothing is left to do.

    NotYet if the letter is being handed over now, or its server may not be given it for a while.
    """
    now = office.clock()
    turn = _turn(session, command, attempt, office, notice)
    entry = turn.entry
    if entry.state in SETTLED:
        log.info("the delivery is settled already", extra={"state": entry.state})
        return None
    if entry.state == "sending":
        if entry.lease_until is None or now >= entry.lease_until:
            return Lost()
        seconds = (entry.lease_until - now).total_seconds()
        raise NotYet(seconds + 1, "the letter was handed over, and its answer may still come")
    if reason := _objection(session, command, is_notice=notice is not None):
        _settle(session, turn, suppressed(reason), office, now)
        return None
    profile = command.manner.profile if command.destination is None else None  # the rate is that of a mail server
    not_before = office.paces.next(session, profile, now)
    return _started(session, turn, office, now, not_before)


def give_up_waiting(
    session: Session, command: DeliverReport, attempt: Attempt, office: PostOffice, notice: SendNotice | None = None
) -> Turn | None:
    """Write down that nobody will ever know the answer; begin another attempt if the schedule wants that."""
    now = office.clock()
    turn = _turn(session, command, attempt, office, notice)
    ending = lost(turn)
    if turn.entry.state != "sending" or not _end(session, turn, ending, office, now):
        raise NotYet(OVERTAKEN_SECONDS, "another mailer has found out about this delivery")
    return _started(session, turn, office, now) if ending.outcome == "deferred" else None


def _turn(
    session: Session, command: DeliverReport, attempt: Attempt, office: PostOffice, notice: SendNotice | None
) -> Turn:
    now = office.clock()
    message_id = message_id_of(command.delivery_id, office.profiles.sender(command.manner.profile))
    kind: Kind = "report" if notice is None else "notice"
    entry = office.ledger.entry(session, command, message_id, now, kind)
    return Turn(command=command, attempt=attempt, number=entry.attempt, entry=entry, started_at=now, notice=notice)


def _started(
    session: Session, turn: Turn, office: PostOffice, now: datetime, not_before: datetime | None = None
) -> Turn | None:
    number = office.ledger.start_attempt(session, turn.entry, now)
    if number is None:
        reason = office.ledger.why_cancelled(session, turn.command.report_id)
        _settle(session, turn, cancelled(reason), office, now)
        return None
    return msgspec.structs.replace(turn, number=number, not_before=not_before)


def _objection(session: Session, command: DeliverReport, *, is_notice: bool) -> str:
    """Why nobody may write to the recipient; empty if somebody may. A destination has nobody who could object."""
    if command.channel != "email":
        return ""
    return objection(
        session,
        command.recipient.address,
        command.schedule_id,
        ask_preferences=not is_notice,
        is_test=command.manner.is_test,
    )


def _settle(session: Session, turn: Turn, ending: Ending, office: PostOffice, now: datetime) -> None:
    if office.ledger.settle(session, turn.command.delivery_id, ending, now):
        _announce(session, turn, ending, now)


# Sending ---------------------------------------------------------------------------------------------------


async def _attempt(turn: Turn, office: PostOffice) -> None:
    step = _Step()
    try:
        await _send(turn, office, step)
    except NotYet:
        raise
    except Exception as error:
        if step.accepted:
            # Whatever this is, the letter must not be sent again; the ledger says `sending`, and soon `unknown`.
            log.exception("an accepted letter could not be written down")
            raise NotYet(LEDGER_AWAY_SECONDS, str(error)) from error
        ending = ending_of(error, turn, handed_over=step.handed_over)
        await _write_down(turn, ending, office)
        if ending.outcome != "unknown":
            raise verdict(error) from error


@dataclass
class _Step:
    """How far an attempt has come."""

    handed_over: bool = False
    accepted: bool = False


async def _send(turn: Turn, office: PostOffice, step: _Step) -> None:
    if turn.not_before is not None:
        await asyncio.sleep((turn.not_before - turn.started_at).total_seconds())

    async def before_final() -> None:
        await _ask(office, lambda session: claim_sending(session, turn, office))
        office.handovers.handed_over(turn, office.clock())
        step.handed_over = True

    receipt = await _sender(turn, office.senders).send(_errand(turn), before_final)
    step.accepted = True
    # Before anything else: as long as this is not written down, a SIGKILL makes the delivery unknown.
    await _write_down(turn, accepted(receipt), office)


def _sender(turn: Turn, senders: Senders) -> Sender:
    try:
        return senders[turn.command.channel]
    except KeyError:
        raise PermanentFailure(f"This mailer knows no channel {turn.command.channel}.") from None


def _errand(turn: Turn) -> Errand:
    entry = turn.entry
    return Errand(
        command=turn.command,
        message_id=entry.rfc_message_id,
        written_at=entry.first_seen_at,
        attempt=turn.number,
        notice=turn.notice,
    )


def claim_sending(session: Session, turn: Turn, office: PostOffice) -> None:
    """Write `sending`, or raise NotYet if a newer attempt has begun meanwhile, or somebody has stopped the report."""
    now = office.clock()
    lease_until = now + office.handovers.lease
    if not office.ledger.claim_sending(session, turn.command.delivery_id, turn.number, now, lease_until):
        raise NotYet(OVERTAKEN_SECONDS, "somebody has stopped this delivery or begun a newer attempt at it")


# Ending ----------------------------------------------------------------------------------------------------


def end(session: Session, turn: Turn, ending: Ending, office: PostOffice) -> None:
    """Write down how the attempt ended and announce it, in one transaction; NotYet if it is not ours any more."""
    if not _end(session, turn, ending, office, office.clock()):
        raise NotYet(OVERTAKEN_SECONDS, "another mailer has settled this delivery or begun a newer attempt")


def _end(session: Session, turn: Turn, ending: Ending, office: PostOffice, now: datetime) -> bool:
    if not office.ledger.end_attempt(session, turn.command.delivery_id, turn.number, ending, now):
        return False
    _announce(session, turn, ending, now)
    return True


def _announce(session: Session, turn: Turn, ending: Ending, now: datetime) -> None:
    announce(session, turn, ending, now)
    once_written(session, lambda: _count(turn, ending))


async def _write_down(turn: Turn, ending: Ending, office: PostOffice) -> None:
    """End the attempt in the ledger, with some insistence if that is away: what we know must not be forgotten."""
    for pause in INSIST_SECONDS:
        try:
            await office.clerk.ask(lambda session: end(session, turn, ending, office))
            return
        except TransientFailure as failure:
            facts = {"outcome": ending.outcome, "reason": str(failure), "pause_seconds": pause}
            log.warning("the end of an attempt cannot be written down yet", extra=facts)
            await asyncio.sleep(pause)
    await _ask(office, lambda session: end(session, turn, ending, office))


async def _ask(office: PostOffice, question: Callable[[Session], T], *, may_be_lost: bool = False) -> T:
    """Ask the clerk; while the ledger is away the delivery has to wait, which is no attempt."""
    try:
        return await office.clerk.ask(question, may_be_lost=may_be_lost)
    except TransientFailure as failure:
        raise NotYet(LEDGER_AWAY_SECONDS, str(failure)) from failure


def _count(turn: Turn, ending: Ending) -> None:
    if turn.notice is None:  # the api counts notices
        DELIVERIES.labels(turn.command.channel, ending.outcome).inc()
    facts = {
        "number": turn.number,
        "outcome": ending.outcome,
        "reason": ending.reason,
        "answer": str(ending.answer or ""),
    }
    log.log(logging.INFO if ending.outcome == "sent" else logging.WARNING, "an attempt has ended", extra=facts)
