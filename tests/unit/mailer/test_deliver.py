"""What the mailer makes of a failure, and of a ledger or a storage that is away."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from libs.common.commands import NotYet
from libs.common.delivering import Manner
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.messages import (
    DeliverReport,
    DeliveryCancelled,
    DeliveryDeferred,
    DeliveryRejected,
    DeliverySending,
    DeliveryUnknown,
    ReportCancelRequested,
    decode_event,
)
from libs.common.outbox import outbox
from libs.common.sealing import new_key
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.mailer.answers import Answer, NoAnswer, NotNow, Refused
from services.mailer.clerk import Clerk
from services.mailer.deliver import Lost, PostOffice, claim_sending, deliver, end, give_up_waiting, take_up
from services.mailer.desk import Desk
from services.mailer.endings import Turn, ending_of
from services.mailer.handovers import Handovers
from services.mailer.ledger import Entry, Ledger
from services.mailer.listener import CancelListener
from services.mailer.mailbox import parse_mailbox
from services.mailer.paces import Paces
from services.mailer.post import Post
from services.mailer.profiles import Profiles
from services.mailer.server import parse_server, tls_context
from services.mailer.shares import Shares
from services.mailer.smtp import Timeouts
from services.mailer.tables import attempts

MakeCommand = Callable[..., DeliverReport]

NOW = datetime(2026, 3, 2, 7, 0, 15, tzinfo=UTC)
FIRST, LAST = Attempt(1, 8), Attempt(8, 8)
BUSY = Answer(451, "4.3.0 come again")


@pytest.fixture
def office(ledger_store: Store, tmp_path: Path) -> PostOffice:
    """A post office whose mail server is away: port 1 of this machine answers nobody."""
    ledger, storage = Ledger(ledger_store), ArtifactStorage(str(tmp_path / "artifacts"))
    profiles = Profiles(
        parse_server("smtp://127.0.0.1:1"),
        tls_context(""),
        parse_mailbox("Pressroom <reports@example.org>"),
        opened=lambda sealed: sealed,
        timeouts=Timeouts(command=5, data=5),
        client_name="mailer.example.org",
    )
    return PostOffice(
        ledger=ledger,
        clerk=Clerk(ledger),
        handovers=Handovers(ledger, timedelta(seconds=60), clock=lambda: NOW),
        profiles=profiles,
        senders={"email": Post(profiles, Desk(storage=storage, seal_keys=new_key(), public_url="", link_days=30))},
        shares=Shares({"mail.normal": 4, "mail.urgent": 2}),
        paces=Paces(ledger),
        clock=lambda: NOW,
    )


def turn_of(command: DeliverReport, attempt: Attempt) -> Turn:
    entry = Entry(
        delivery_id=command.delivery_id,
        rfc_message_id="<id@example.org>",
        state="pending",
        attempt=0,
        first_seen_at=NOW,
        lease_until=None,
    )
    return Turn(command=command, attempt=attempt, number=attempt.number, entry=entry, started_at=NOW)


@pytest.mark.parametrize(
    ("error", "attempt", "handed_over", "outcome", "error_class"),
    [
        (NotNow("later", BUSY), FIRST, False, "deferred", "transient"),
        (NotNow("later", BUSY), FIRST, True, "deferred", "transient"),
        (NotNow("later", BUSY), LAST, False, "rejected", "transient"),
        (Refused("never"), FIRST, True, "rejected", "permanent"),
        (TransientFailure("the storage is away"), FIRST, False, "deferred", "transient"),
        (PermanentFailure("the file is gone"), FIRST, False, "rejected", "permanent"),
        (NoAnswer("nobody knows"), FIRST, True, "unknown", "unknown"),
        (NoAnswer("nobody knows"), LAST, True, "unknown", "unknown"),
        (RuntimeError("a mistake of ours"), FIRST, False, "deferred", "transient"),
        (RuntimeError("a mistake of ours"), FIRST, True, "unknown", "unknown"),
    ],
)
def test_every_failure_has_one_ending(
    make_command: MakeCommand, error: Exception, attempt: Attempt, handed_over: bool, outcome: str, error_class: str
) -> None:
    ending = ending_of(error, turn_of(make_command(), attempt), handed_over=handed_over)
    assert (ending.outcome, ending.error_class) == (outcome, error_class)
    assert str(error) in ending.reason or str(error).rstrip(".") in ending.reason


def test_a_failed_attempt_is_written_down_and_announced_before_it_is_raised(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    command = make_command(artifacts=())
    with pytest.raises(TransientFailure, match="cannot be reached"):
        asyncio.run(deliver(command, FIRST, office))
    with pytest.raises(TransientFailure, match="cannot be reached"):
        asyncio.run(deliver(command, LAST, office))
    deferred, rejected = announced(ledger_store)
    assert isinstance(deferred, DeliveryDeferred)
    assert (deferred.attempt, deferred.at) == (1, NOW)
    assert isinstance(rejected, DeliveryRejected)
    assert (rejected.attempt, rejected.error_class) == (2, "transient")
    assert rejected.reason.endswith("It was tried 2 times, and is given up.")


def announced(store: Store) -> list[object]:
    with store.read() as session:
        rows = session.execute(select(outbox.c.body, outbox.c.wire_name).order_by(outbox.c.id))
        return [decode_event(row.body, row.wire_name) for row in rows]


def test_a_storage_that_is_away_defers_the_letter(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand, tmp_path: Path
) -> None:
    shutil.rmtree(tmp_path / "artifacts")
    (tmp_path / "artifacts").write_text("the folder is not mounted")
    with pytest.raises(TransientFailure, match="artifact storage"):
        asyncio.run(deliver(make_command(), FIRST, office))
    [deferred] = announced(ledger_store)
    assert isinstance(deferred, DeliveryDeferred)


def test_a_missing_file_is_final(office: PostOffice, ledger_store: Store, make_command: MakeCommand) -> None:
    with pytest.raises(PermanentFailure, match=r"reports/1/delays\.xlsx"):
        asyncio.run(deliver(make_command(), FIRST, office))
    [rejected] = announced(ledger_store)
    assert isinstance(rejected, DeliveryRejected)


def test_a_ledger_that_is_away_costs_no_attempt(office: PostOffice, make_command: MakeCommand) -> None:
    ledger = Ledger(Store("postgresql://pressroom:secret@127.0.0.1:1/ledger"))
    away = replace(office, ledger=ledger, clerk=Clerk(ledger))
    with pytest.raises(NotYet, match="store is away"):
        asyncio.run(deliver(make_command(), LAST, away))


def test_who_comes_while_the_letter_is_handed_over_is_told_when_to_come_again(
    office: PostOffice, make_command: MakeCommand
) -> None:
    command = make_command()
    hand_over(office, command)
    later = replace(office, clock=lambda: NOW + timedelta(seconds=20))
    with pytest.raises(NotYet) as postponed:
        begin(later, command)
    assert postponed.value.delay == 41_000


def test_who_comes_after_that_time_finds_out_that_nobody_will_know(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    command = make_command()
    hand_over(office, command)
    later = replace(office, clock=lambda: NOW + timedelta(seconds=60))
    assert begin(later, command) is None
    assert begin(later, command) is None
    [unknown] = announced(ledger_store)
    assert isinstance(unknown, DeliveryUnknown)
    assert unknown.rfc_message_id == f"<{command.delivery_id}@example.org>"


def test_while_the_mailer_lives_nobody_calls_its_letter_unknown(office: PostOffice, make_command: MakeCommand) -> None:
    command = make_command()
    hand_over(office, command)
    later = NOW + timedelta(seconds=59)
    handovers = Handovers(office.ledger, office.handovers.lease, clock=lambda: later)
    turn = msgspec.structs.replace(turn_of(command, FIRST), number=1)
    with handovers.held(turn):
        handovers.handed_over(turn, NOW)
        handovers.renew()
    handovers.renew()
    with pytest.raises(NotYet):
        begin(replace(office, clock=lambda: NOW + timedelta(seconds=118)), command)
    assert begin(replace(office, clock=lambda: NOW + timedelta(seconds=119)), command) is None


def begin(office: PostOffice, command: DeliverReport, attempt: Attempt = FIRST) -> Turn | None:
    """What `deliver` does before it sends anything."""
    with office.ledger.begin() as session:
        found = take_up(session, command, attempt, office)
        return give_up_waiting(session, command, attempt, office) if isinstance(found, Lost) else found


def hand_over(office: PostOffice, command: DeliverReport) -> None:
    """Leave the delivery in the state in which a mailer leaves it that is killed while it waits for the answer."""
    turn = begin(office, command)
    assert turn is not None
    with office.ledger.begin() as session:
        assert office.ledger.claim_sending(session, command.delivery_id, turn.number, NOW, NOW + office.handovers.lease)


def test_two_deliveries_know_nothing_of_each_other(office: PostOffice, make_command: MakeCommand) -> None:
    first, second = make_command(), make_command(delivery_id=UUID(int=2))
    hand_over(office, first)
    turn = begin(office, second)
    assert turn is not None
    assert turn.number == 1


# Stopped, sent again, told -----------------------------------------------------------------------------------


RESEND = Manner(resend_unknown=True)


def test_a_stopped_report_is_not_sent_whether_its_commands_have_come_or_not(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    waiting, handed_over = make_command(), make_command(delivery_id=UUID(int=2))
    under_way = begin(office, waiting)
    hand_over(office, handed_over)
    listener = CancelListener(office.ledger, lambda: NOW)
    request = ReportCancelRequested(at=NOW, report_id=waiting.report_id, requested_by="ann", reason="Wrong numbers.")
    for _ in range(2):
        with office.ledger.begin() as session:
            listener.cancel_requested(session, request)
    assert under_way is not None
    with office.ledger.begin() as session, pytest.raises(NotYet, match="somebody has stopped"):
        claim_sending(session, under_way, office)
    late = make_command(delivery_id=UUID(int=3))
    assert (begin(office, waiting), begin(office, late), begin(office, late)) == (None, None, None)
    events = [event for event in announced(ledger_store) if isinstance(event, DeliveryCancelled)]
    assert [(event.delivery_id, event.attempt) for event in events] == [
        (waiting.delivery_id, 1),
        (late.delivery_id, 0),
    ]
    assert {event.reason for event in events} == {"Cancelled by ann: Wrong numbers."}
    with pytest.raises(NotYet, match="its answer may still come"):
        begin(office, handed_over)


@pytest.mark.parametrize(
    ("manner", "attempt", "outcome"),
    [(Manner(), FIRST, "unknown"), (RESEND, FIRST, "deferred"), (RESEND, LAST, "unknown")],
)
def test_what_may_have_arrived_is_sent_again_only_if_the_schedule_wants_that(
    make_command: MakeCommand, manner: Manner, attempt: Attempt, outcome: str
) -> None:
    turn = turn_of(make_command(manner=manner), attempt)
    for error, handed_over in ((NoAnswer("nobody knows"), True), (RuntimeError("a mistake of ours"), True)):
        ending = ending_of(error, turn, handed_over=handed_over)
        assert (ending.outcome, ending.attempt_outcome) == (outcome, "unknown")


def test_a_letter_of_a_dead_mailer_is_sent_again_if_the_schedule_wants_that_and_not_for_ever(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    command, attempt, clock = make_command(manner=RESEND), Attempt(1, 3), NOW
    for number in (1, 2, 3):
        turn = begin(replace(office, clock=lambda now=clock: now), command, attempt)
        assert turn is not None
        assert turn.number == number
        with office.ledger.begin() as session:
            claim_sending(session, turn, replace(office, clock=lambda now=clock: now))
        clock += timedelta(seconds=61)
    assert begin(replace(office, clock=lambda: clock), command, attempt) is None
    assert [type(event) for event in announced(ledger_store)] == [DeliveryDeferred, DeliveryDeferred, DeliveryUnknown]
    with ledger_store.read() as session:
        assert list(session.execute(select(attempts.c.outcome)).scalars()) == ["unknown"] * 3


def test_a_slow_hand_over_is_told_once_and_an_ordinary_one_never(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    clock = [NOW]
    handovers = Handovers(office.ledger, timedelta(seconds=60), clock=lambda: clock[0])
    turns = [begin(office, make_command(delivery_id=UUID(int=number))) for number in (7, 8, 9)]
    slow, quick, ended = (turn for turn in turns if turn is not None)
    with handovers.held(slow), handovers.held(quick), handovers.held(ended):
        for turn in (slow, ended):
            with office.ledger.begin() as session:
                claim_sending(session, turn, office)
            handovers.handed_over(turn, NOW)
        handovers.look()
        with office.ledger.begin() as session:
            end(session, ended, ending_of(Refused("no"), ended, handed_over=True), office)
        clock[0] += timedelta(seconds=1)
        for _ in range(3):
            handovers.look()
    told = [event for event in announced(ledger_store) if isinstance(event, DeliverySending)]
    assert [event.delivery_id for event in told] == [UUID(int=7)]
