"""What the mailer makes of a failure, and of a ledger or a storage that is away."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from libs.common.commands import NotYet
from libs.common.errors import PermanentFailure, TransientFailure
from libs.common.handlers import Attempt
from libs.common.messages import DeliverReport, DeliveryDeferred, DeliveryRejected, DeliveryUnknown, decode_event
from libs.common.outbox import outbox
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.mailer.answers import Answer, NoAnswer, NotNow, Refused
from services.mailer.connections import Connections
from services.mailer.deliver import PostOffice, deliver, take_up
from services.mailer.endings import Turn, ending_of
from services.mailer.handovers import Handovers
from services.mailer.ledger import Entry, Ledger
from services.mailer.mailbox import parse_mailbox
from services.mailer.server import parse_server, tls_context
from services.mailer.smtp import Timeouts

MakeCommand = Callable[..., DeliverReport]

NOW = datetime(2026, 3, 2, 7, 0, 15, tzinfo=UTC)
FIRST, LAST = Attempt(1, 8), Attempt(8, 8)
BUSY = Answer(451, "4.3.0 come again")


@pytest.fixture
def office(ledger_store: Store, tmp_path: Path) -> PostOffice:
    """A post office whose mail server is away: port 1 of this machine answers nobody."""
    ledger = Ledger(ledger_store)
    return PostOffice(
        ledger=ledger,
        storage=ArtifactStorage(str(tmp_path / "artifacts")),
        connections=Connections(
            parse_server("smtp://127.0.0.1:1"), tls_context(""), Timeouts(command=5, data=5), "mailer.example.org"
        ),
        sender=parse_mailbox("Pressroom <reports@example.org>"),
        handovers=Handovers(ledger, timedelta(seconds=60), clock=lambda: NOW),
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
    away = replace(office, ledger=Ledger(Store("postgresql://pressroom:secret@127.0.0.1:1/ledger")))
    with pytest.raises(NotYet, match="store is away"):
        asyncio.run(deliver(make_command(), LAST, away))


def test_who_comes_while_the_letter_is_handed_over_is_told_when_to_come_again(
    office: PostOffice, make_command: MakeCommand
) -> None:
    command = make_command()
    hand_over(office, command)
    later = replace(office, clock=lambda: NOW + timedelta(seconds=20))
    with pytest.raises(NotYet) as postponed:
        take_up(command, FIRST, later)
    assert postponed.value.delay == 41_000


def test_who_comes_after_that_time_finds_out_that_nobody_will_know(
    office: PostOffice, ledger_store: Store, make_command: MakeCommand
) -> None:
    command = make_command()
    hand_over(office, command)
    later = replace(office, clock=lambda: NOW + timedelta(seconds=60))
    assert take_up(command, FIRST, later) is None
    assert take_up(command, FIRST, later) is None
    [unknown] = announced(ledger_store)
    assert isinstance(unknown, DeliveryUnknown)
    assert unknown.rfc_message_id == f"<{command.delivery_id}@example.org>"


def test_while_the_mailer_lives_nobody_calls_its_letter_unknown(office: PostOffice, make_command: MakeCommand) -> None:
    command = make_command()
    hand_over(office, command)
    later = NOW + timedelta(seconds=59)
    handovers = Handovers(office.ledger, office.handovers.lease, clock=lambda: later)
    with handovers.held(command.delivery_id, 1):
        handovers.renew()
    handovers.renew()
    with pytest.raises(NotYet):
        take_up(command, FIRST, replace(office, clock=lambda: NOW + timedelta(seconds=118)))
    assert take_up(command, FIRST, replace(office, clock=lambda: NOW + timedelta(seconds=119))) is None


def hand_over(office: PostOffice, command: DeliverReport) -> None:
    """Leave the delivery in the state in which a mailer leaves it that is killed while it waits for the answer."""
    turn = take_up(command, FIRST, office)
    assert turn is not None
    with office.ledger.begin() as session:
        assert office.ledger.claim_sending(session, command.delivery_id, turn.number, NOW, NOW + office.handovers.lease)


def test_two_deliveries_know_nothing_of_each_other(office: PostOffice, make_command: MakeCommand) -> None:
    first, second = make_command(), make_command(delivery_id=UUID(int=2))
    hand_over(office, first)
    turn = take_up(second, FIRST, office)
    assert turn is not None
    assert turn.number == 1
