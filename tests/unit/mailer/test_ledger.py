"""The ledger changes a state only for the attempt that may change it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from libs.common.messages import DeliverReport
from libs.common.migrations import with_plumbing
from libs.common.store import Store
from services.mailer.answers import Answer
from services.mailer.ledger import Ending, Entry, Ledger, Outcome
from services.mailer.tables import attempts, metadata

MakeCommand = Callable[..., DeliverReport]

NOW = datetime(2026, 3, 2, 7, 0, 15, tzinfo=UTC)
SENT = Ending(outcome="sent", answer=Answer(250, "2.0.0 queued as 4D2"))
DEFERRED = Ending(outcome="deferred", reason="later", answer=Answer(450, "4.2.0 greylisted"))


class Book:
    """The ledger, one transaction per call, for one command."""

    def __init__(self, store: Store, command: DeliverReport) -> None:
        self.ledger = Ledger(store)
        self.command = command
        self.store = store
        self.now = NOW

    def entry(self) -> Entry:
        with self.ledger.begin() as session:
            return self.ledger.entry(session, self.command, "<id@example.org>", self.now)

    def start(self) -> int | None:
        with self.ledger.begin() as session:
            entry = self.ledger.entry(session, self.command, "<id@example.org>", self.now)
            return self.ledger.start_attempt(session, entry, self.now)

    def claim(self, attempt: int) -> bool:
        with self.ledger.begin() as session:
            return self.ledger.claim_sending(session, self.command.delivery_id, attempt, self.now, self.now)

    def end(self, attempt: int, ending: Ending) -> bool:
        with self.ledger.begin() as session:
            return self.ledger.end_attempt(session, self.command.delivery_id, attempt, ending, self.now)

    def attempts(self) -> list[tuple[int, str | None, int | None, str]]:
        columns = (attempts.c.number, attempts.c.outcome, attempts.c.smtp_code, attempts.c.answer)
        with self.store.read() as session:
            return [tuple(row) for row in session.execute(select(*columns).order_by(attempts.c.number))]


@pytest.fixture
def book(ledger_store: Store, make_command: MakeCommand) -> Book:
    return Book(ledger_store, make_command())


def test_a_new_delivery_is_pending_and_keeps_the_moment_it_was_first_seen(book: Book) -> None:
    first = book.entry()
    book.now = NOW + timedelta(hours=1)
    again = book.entry()
    assert (first.state, first.attempt) == ("pending", 0)
    assert again == first
    assert again.first_seen_at == NOW


def test_a_delivery_goes_from_pending_over_sending_to_sent(book: Book) -> None:
    attempt = book.start()
    assert book.claim(attempt)
    assert book.entry().state == "sending"
    assert book.end(attempt, SENT)
    assert book.entry().state == "sent"
    assert book.attempts() == [(1, "sent", 250, "250 2.0.0 queued as 4D2")]


def test_a_deferred_delivery_is_tried_again_and_each_attempt_has_its_line(book: Book) -> None:
    assert book.end(book.start(), DEFERRED)
    attempt = book.start()
    assert attempt == 2
    assert book.claim(attempt)
    assert book.end(attempt, SENT)
    assert book.attempts() == [
        (1, "deferred", 450, "450 4.2.0 greylisted"),
        (2, "sent", 250, "250 2.0.0 queued as 4D2"),
    ]


def test_of_two_mailers_only_the_newer_one_may_send(book: Book) -> None:
    older, newer = book.start(), book.start()
    assert not book.claim(older)
    assert book.claim(newer)
    assert book.attempts()[0][1] == "interrupted"


def test_an_older_attempt_cannot_end_a_newer_one(book: Book) -> None:
    older, newer = book.start(), book.start()
    assert not book.end(older, DEFERRED)
    assert book.entry().state == "pending"
    assert book.end(newer, SENT)


@pytest.mark.parametrize("outcome", ["sent", "rejected", "unknown"])
def test_a_settled_delivery_never_changes(book: Book, outcome: Outcome) -> None:
    attempt = book.start()
    assert book.end(attempt, Ending(outcome=outcome))
    assert not book.claim(attempt)
    assert not book.end(attempt, DEFERRED)
    assert book.entry().state == outcome


def test_the_migrations_make_the_tables_that_the_code_uses(ledger_store: Store) -> None:
    with ledger_store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, with_plumbing(metadata)) == []


def test_a_rejected_delivery_is_opened_once_per_replay_and_a_sent_one_never(book: Book) -> None:
    first = book.start()
    assert first == 1
    book.claim(first)
    book.end(first, Ending(outcome="rejected", reason="no"))
    assert book.entry().state == "rejected"
    book.command = msgspec.structs.replace(book.command, replay=1)
    assert book.entry().state == "pending"
    second = book.start()
    assert second == 2
    book.claim(second)
    book.end(second, Ending(outcome="rejected", reason="no"))
    assert book.entry().state == "rejected"  # the same replay, delivered twice, opens it once
    book.command = msgspec.structs.replace(book.command, replay=2)
    third = book.start()
    assert third == 3
    book.claim(third)
    book.end(third, SENT)
    book.command = msgspec.structs.replace(book.command, replay=3)
    assert book.entry().state == "sent"
