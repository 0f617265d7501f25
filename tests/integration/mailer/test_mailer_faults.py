"""What mail servers do on their bad days, to the letters of one mailer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from mailer_world import MailerWorld, large_artifact, profile, until
from sqlalchemy import select

from libs.common.clock import utc_now
from libs.common.delivering import MailProfile, Manner
from libs.common.messages import (
    DeliveryCancelled,
    DeliveryRejected,
    DeliverySending,
    DeliverySent,
    ProfileTested,
    Recipient,
    ReportCancelRequested,
    TestProfile,
)
from libs.mailsink import MailSink
from libs.mailsink.certificate import self_signed
from services.mailer.tables import deliveries

RESEND = Manner(resend_unknown=True)
STOPPED = UUID(int=77)


def test_each_recipient_gets_what_the_server_makes_of_them(world: MailerWorld, tmp_path: Path) -> None:
    large = large_artifact(world, tmp_path)
    faults = world.sink.faults
    faults.refuse("550 5.1.1 No such user", recipient="nobody@example.org")
    faults.refuse("452 4.2.2 Mailbox full", recipient="full@example.org", times=1)
    faults.refuse("552 5.2.2 Mailbox full", recipient="fuller@example.org")
    faults.drop("body", recipient="cut@example.org")
    faults.drop("kept", recipient="again@example.org")
    faults.slow("kept", 2.5, recipient="late@example.org", times=1)
    faults.refuse("552 5.3.4 Message too big for us", recipient="small@example.org", step="dot", times=1)
    faults.refuse("450 4.2.0 Greylisted", recipient="stopped@example.org")
    sent = ("ann", "bob", "full", "cut", "again", "late", "small")
    everybody = [f"{name}@example.org" for name in (*sent, "nobody", "fuller")]
    with world.mailer(PRESSROOM_PUBLIC_URL="https://reports.example.org", PRESSROOM_MAILER_NORMAL_THREADS="8"):
        world.order(*[world.command(address, artifact=large, manner=RESEND) for address in everybody])
        world.order(world.command("stopped@example.org", report_id=STOPPED))
        world.wait_for_state("deferred", "stopped@example.org")
        world.order(ReportCancelRequested(at=utc_now(), report_id=STOPPED, requested_by="ann"))
        world.wait_for_event(DeliveryCancelled)
        world.order(world.command("later@example.org", report_id=STOPPED))
        stopped = world.wait_for_event(DeliveryCancelled, count=2)
        letters = world.wait_for_event(DeliverySent, count=len(sent))
        world.wait_for_event(DeliveryRejected, count=2)
        [late] = world.wait_for_event(DeliverySending)
    assert {event.recipient.address for event in stopped} == {"stopped@example.org", "later@example.org"}
    assert world.arrived() == {**dict.fromkeys((f"{name}@example.org" for name in sent), 1), "again@example.org": 2}
    assert {address for address, state in world.states().items() if state == "sent"} == set(world.arrived())
    rejected = {event.recipient.address: event.answer for event in world.events(DeliveryRejected)}
    assert rejected == {"nobody@example.org": "550 5.1.1 No such user", "fuller@example.org": "552 5.2.2 Mailbox full"}
    assert late.recipient.address == "late@example.org"
    outcomes = {name: world.outcomes(f"{name}@example.org") for name in ("ann", "full", "cut", "again", "small")}
    assert outcomes == {
        "ann": ["sent"],
        "full": ["deferred", "sent"],
        "cut": ["deferred", "sent"],
        "again": ["unknown", "sent"],
        "small": ["sent"],
    }
    forms = {event.recipient.address.partition("@")[0]: event.form for event in letters}
    assert (forms["ann"], forms["small"]) == ("files", "link")
    queue_ids(world, letters)


def queue_ids(world: MailerWorld, letters: list[DeliverySent]) -> None:
    """The ledger and the events know how the server calls each letter, and how large it was."""
    said = {event.recipient.address: event.queue_id for event in letters}
    with world._store.read() as session:
        kept = {
            row.address: row.queue_id for row in session.execute(select(deliveries).where(deliveries.c.state == "sent"))
        }
    assert said == kept
    assert all(event.queue_id and event.queue_id in event.answer and event.bytes > 500 for event in letters)


# Profiles ---------------------------------------------------------------------------------------------------


@pytest.fixture
def slow_sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "slow") as sink:
        sink.faults.slow("rcpt", 6)
        yield sink


def test_a_slow_server_does_not_hold_up_the_letters_to_another(world: MailerWorld, slow_sink: MailSink) -> None:
    slow = Manner(profile=profile("Slow", slow_sink.url))
    quick = Manner(profile=profile("Quick", world.sink.url))
    readers = [f"reader{number}@example.org" for number in range(20)]
    with world.mailer():
        world.order(*[world.command(f"slow{number}@example.org", manner=slow) for number in range(12)])
        world.order(*[world.command(address, manner=quick) for address in readers])
        until(lambda: world.arrived() == dict.fromkeys(readers, 1), "the letters to the quick server have arrived")
        assert len(slow_sink.letters()) <= 6
        until(lambda: len(slow_sink.letters()) >= 2, "the slow server gets letters too")
    assert {letter.envelope.sender for letter in world.sink.letters()} == {"quick@example.org"}
    assert max(Counter(letter.envelope.recipients[0] for letter in slow_sink.letters()).values()) == 1


def test_a_server_that_says_how_much_it_takes_gets_a_smaller_letter(world: MailerWorld, tmp_path: Path) -> None:
    with MailSink(tmp_path / "small", size_limit_bytes=20_000) as small:
        manner = Manner(profile=profile("Small", small.url))
        artifact = large_artifact(world, tmp_path)
        with world.mailer(PRESSROOM_PUBLIC_URL="https://reports.example.org"):
            world.order(*[world.command(f"{n}@example.org", artifact=artifact, manner=manner) for n in ("ann", "bob")])
            sent = world.wait_for_event(DeliverySent, count=2)
        assert [(event.form, event.attempt, event.bytes < 20_000) for event in sent] == [("link", 1, True)] * 2
        assert len(small.letters()) == 2


def test_the_owner_of_a_mail_server_is_told_what_came_of_each_step(world: MailerWorld, tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost", now=datetime.now(UTC))
    pem = certificate.certificate.read_text()
    tls, users = certificate.server_context(), {"reports": "s3cret"}
    with MailSink(tmp_path / "tls", host="localhost", tls=tls, requires_tls=True, credentials=users) as sink:
        port = sink.port
        good = profile("Good", f"smtp://reports:s3cret@localhost:{port}?starttls=required", ca_certificate=pem)
        password = profile("Password", f"smtp://reports:wr0ng@localhost:{port}?starttls=required", ca_certificate=pem)
        unknown = profile("Unknown", f"smtp://reports:s3cret@localhost:{port}?starttls=required")
        stripped = profile("Stripped", f"{world.sink.url}?starttls=required")
        away = profile("Away", "smtp://127.0.0.1:1")
        asked = {uuid4(): one for one in (good, password, unknown, stripped, away, None)}
        with world.mailer():
            world.order(*[question(test_id, one) for test_id, one in asked.items()])
            until(lambda: {e.test_id for e in world.events(ProfileTested)} >= set(asked), "all tests were answered")
        told = {name_of(asked[event.test_id]): event for event in world.events(ProfileTested)}
        assert [letter.envelope.recipients for letter in sink.letters()] == [("ada@example.org",)]
    assert {name for name, event in told.items() if event.ok} == {"Good", "Own"}
    [connected, encrypted, signed_in, took] = told["Good"].sentences
    assert connected == f"Connected to localhost:{port}."
    assert encrypted.startswith("It offered STARTTLS with a certificate of localhost, valid until ")
    assert signed_in == "Signed in as reports."
    assert took.startswith("It took the letter to ada@example.org: 250 2.0.0 Kept as")
    words = {
        "Password": "refused the user and password in the profile “Password”: 535",
        "Unknown": "is not trusted (self-signed certificate); if its authority is private, give that authority's",
        "Stripped": "does not offer STARTTLS",
        "Away": "cannot be reached: Connection refused",
    }
    for name, expected in words.items():
        assert expected in told[name].sentences[-1]
    assert not any(secret in str(event) for event in told.values() for secret in ("s3cret", "wr0ng"))
    assert world.states() == {}


def question(test_id: UUID, asked: MailProfile | None) -> TestProfile:
    recipient = Recipient(address="ada@example.org")
    return TestProfile(test_id=test_id, profile=asked, recipient=recipient, requested_at=utc_now())


def name_of(asked: MailProfile | None) -> str:
    return asked.name if asked else "Own"
