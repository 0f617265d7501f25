"""Deliver one report to one recipient: at most one letter, and a line in the ledger that says what became of it.

The state in the ledger decides, whatever the broker says: `sent`, `rejected` and `unknown` mean that nothing is left
to do, `pending` and `deferred` that the letter may be tried, `sending` that a mailer has handed it over and waits for
the answer. `sending` is written right before the final dot, the one moment from which the mail server may accept the
letter. The command is acknowledged only after this function has returned.

Where a SIGKILL can hit, and what happens to the command when the broker delivers it again:

1. before the attempt is written down: nothing has happened; it is attempted.
2. after that, while files are read, we connect, or the content is sent: the server has seen no final dot and forgets
   the letter; the attempt counts as interrupted and the next one begins.
3. after `sending` is written and before the dot leaves: no letter, but nobody can know that: see 4.
4. after the dot and before the answer, or after the answer and before it is written down: the letter has probably
   arrived. While its lease is renewed another mailer is waiting for the answer, so the command is put back; once the
   lease has run out the delivery becomes `unknown` and is never sent again.
5. after the end is written down: its event is in the outbox and leaves when a mailer runs again; nothing else is done.

So a recipient can be without a letter only in 3 and 4, where the ledger says `unknown`, and nobody gets two.

Two mailers with the same command (the broker may deliver it twice): each attempt has a number, the newer one wins,
and the change to `sending` is conditional on it. The older mailer then cuts its connection before the dot. A mailer
that was asleep for longer than its lease finds its `sending` turned to `unknown`, and leaves it so.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from email.headerregistry import Address
from typing import ParamSpec, TypeVar

import msgspec

from libs.common.clock import Clock
from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.logs import bound
from libs.common.messages import Artifact, DeliverReport
from libs.common.metrics import DELIVERIES, DELIVERY_SECONDS
from libs.common.storage import ArtifactStorage
from services.mailer.connections import Connections
from services.mailer.endings import Turn, accepted, announce, ending_of, lost, verdict
from services.mailer.handovers import Handovers
from services.mailer.ledger import SETTLED, Ending, Ledger
from services.mailer.letter import Letter, compose, message_id_of

log = logging.getLogger(__name__)

P = ParamSpec("P")
T = TypeVar("T")

LEDGER_AWAY_SECONDS = 30.0
OVERTAKEN_SECONDS = 60.0
INSIST_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between the tries to write down an answer that we have: forgetting it would make the delivery `unknown`."""


@dataclass(frozen=True, kw_only=True)
class PostOffice:
    """What a delivery needs: where to write, to read and to send, and who sends."""

    ledger: Ledger
    storage: ArtifactStorage
    connections: Connections
    sender: Address
    handovers: Handovers
    clock: Clock


async def deliver(command: DeliverReport, attempt: Attempt, office: PostOffice) -> None:
    """Make one attempt at the delivery, unless the ledger says that there is none to make.

    A failure is written down and announced before it is raised, as PermanentFailure or TransientFailure. NotYet is
    raised if another mailer is at work on the delivery or the ledger is away.
    """
    with bound(report_id=command.report_id, delivery_id=command.delivery_id):
        turn = await _ask(take_up, command, attempt, office)
        if turn is not None:
            held = office.handovers.held(command.delivery_id, turn.number)
            with held, DELIVERY_SECONDS.labels(command.channel).time():
                await _attempt(turn, office)


def take_up(command: DeliverReport, attempt: Attempt, office: PostOffice) -> Turn | None:
    """Begin an attempt, or return None if nothing is left to do; NotYet if the letter is being handed over now."""
    try:
        # A beginning that a power cut undoes has begun nothing: `sending` is written, durably, before the final dot.
        return _take_up(command, attempt, office, may_be_lost=True)
    except _Lost:
        _take_up(command, attempt, office, may_be_lost=False)
        return None


class _Lost(Exception):
    """Nobody has heard the answer to the letter, which must be written down for good."""


def _take_up(command: DeliverReport, attempt: Attempt, office: PostOffice, *, may_be_lost: bool) -> Turn | None:
    now, ledger = office.clock(), office.ledger
    with ledger.begin(may_be_lost=may_be_lost) as session:
        entry = ledger.entry(session, command, message_id_of(command.delivery_id, office.sender), now)
        turn = Turn(command=command, attempt=attempt, number=entry.attempt, entry=entry, started_at=now)
        if entry.state in SETTLED:
            log.info("the delivery is settled already", extra={"state": entry.state})
            return None
        if entry.state != "sending":
            return msgspec.structs.replace(turn, number=ledger.start_attempt(session, entry, now))
        if entry.lease_until is not None and now < entry.lease_until:
            seconds = (entry.lease_until - now).total_seconds()
            raise NotYet(seconds + 1, "the letter was handed over, and its answer may still come")
        if may_be_lost:
            raise _Lost
        ledger.end_attempt(session, command.delivery_id, entry.attempt, lost(), now)
        announce(session, turn, lost(), now)
    _count(turn, lost())
    return None


def claim_sending(turn: Turn, office: PostOffice) -> None:
    """Write `sending`, or raise NotYet if a newer attempt has begun meanwhile."""
    now = office.clock()
    lease_until = now + office.handovers.lease
    with office.ledger.begin() as session:
        if not office.ledger.claim_sending(session, turn.command.delivery_id, turn.number, now, lease_until):
            raise NotYet(OVERTAKEN_SECONDS, "another mailer has begun a newer attempt at this delivery")


def end(turn: Turn, ending: Ending, office: PostOffice) -> None:
    """Write down how the attempt ended and announce it, in one transaction; NotYet if it is not ours any more."""
    now = office.clock()
    with office.ledger.begin() as session:
        if not office.ledger.end_attempt(session, turn.command.delivery_id, turn.number, ending, now):
            raise NotYet(OVERTAKEN_SECONDS, "another mailer has settled this delivery or begun a newer attempt")
        announce(session, turn, ending, now)
    _count(turn, ending)


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
    letter = await asyncio.to_thread(_letter, turn, office)

    async def before_final_dot() -> None:
        await _ask(claim_sending, turn, office)
        step.handed_over = True

    answer = await office.connections.hand_over(letter, before_final_dot)
    step.accepted = True
    # Before anything else: as long as this is not written down, a SIGKILL makes the delivery unknown.
    await _write_down(turn, accepted(answer), office)


def _letter(turn: Turn, office: PostOffice) -> Letter:
    files = [_read(office.storage, artifact) for artifact in turn.command.artifacts]
    entry = turn.entry
    return compose(
        turn.command, files, sender=office.sender, message_id=entry.rfc_message_id, written_at=entry.first_seen_at
    )


def _read(storage: ArtifactStorage, artifact: Artifact) -> bytes:
    """The artifact's file, if it is still the one that was made."""
    content = storage.read(artifact.key)
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise PermanentFailure(
            f"The file {artifact.filename} in the artifact storage is not the one that was made: its SHA-256 differs."
        )
    return content


async def _write_down(turn: Turn, ending: Ending, office: PostOffice) -> None:
    """End the attempt in the ledger, with some insistence if that is away: what we know must not be forgotten."""
    for pause in INSIST_SECONDS:
        try:
            await asyncio.to_thread(end, turn, ending, office)
            return
        except TransientFailure as failure:
            facts = {"outcome": ending.outcome, "reason": str(failure), "pause_seconds": pause}
            log.warning("the end of an attempt cannot be written down yet", extra=facts)
            await asyncio.sleep(pause)
    await _ask(end, turn, ending, office)


async def _ask(question: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Ask the ledger in a thread; while it is away the delivery has to wait, which is no attempt."""
    try:
        return await asyncio.to_thread(question, *args, **kwargs)
    except TransientFailure as failure:
        raise NotYet(LEDGER_AWAY_SECONDS, str(failure)) from failure


def _count(turn: Turn, ending: Ending) -> None:
    DELIVERIES.labels(turn.command.channel, ending.outcome).inc()
    facts = {
        "number": turn.number,
        "outcome": ending.outcome,
        "reason": ending.reason,
        "answer": str(ending.answer or ""),
    }
    log.log(logging.INFO if ending.outcome == "sent" else logging.WARNING, "an attempt has ended", extra=facts)
