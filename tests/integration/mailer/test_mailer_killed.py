"""Mailers end at bad moments; nobody gets two letters, and who gets none is `unknown` in the ledger."""

from __future__ import annotations

import random
import signal
import time
from collections import Counter

from mailer_world import MailerWorld, until
from sqlalchemy import update

from libs.common.messages import DeliveryDeferred, DeliverySent, DeliveryUnknown
from libs.mailsink import MailSink
from services.mailer.tables import deliveries

EARLY = [f"early{number}@example.org" for number in range(15)]
LATE = [f"late{number}@example.org" for number in range(15)]


def hold_letters_under_way(sink: MailSink) -> None:
    """Half of the letters wait before their content, the other half after the final dot."""
    for address in EARLY:
        sink.faults.slow("rcpt", 1.5, recipient=address)
    for address in LATE:
        sink.faults.slow("kept", 1.5, recipient=address)


def order_all(world: MailerWorld) -> None:
    pairs = zip(EARLY, LATE, strict=True)
    world.order(*[world.command(address) for pair in pairs for address in pair])


def test_a_killed_mailer_sends_no_letter_twice_and_loses_none_silently(world: MailerWorld) -> None:
    hold_letters_under_way(world.sink)
    order_all(world)
    with world.mailer(PRESSROOM_MAILER_NORMAL_THREADS="12") as mailer:
        world.wait_for_state("sending", count=4)
        mailer.kill()
    # The control: the kill hit letters on both sides of the final dot.
    at_the_kill = Counter(world.states().values())
    assert at_the_kill["sending"] >= 4
    assert at_the_kill["pending"] >= 1
    world.sink.faults.clear()
    with world.mailer():
        until(lambda: set(world.states().values()) <= {"sent", "unknown"} and len(world.states()) == 30, "all settled")
        world.wait_for_event(DeliveryUnknown, count=at_the_kill["sending"])
    states, arrived = world.states(), world.arrived()
    assert max(arrived.values()) == 1
    assert {address for address in states if not arrived[address]} <= unknown_in(states)
    assert unknown_in(states) <= set(LATE)
    assert len(unknown_in(states)) == at_the_kill["sending"]
    assert all(arrived[address] == 1 for address in EARLY)


def unknown_in(states: dict[str, str]) -> set[str]:
    return {address for address, state in states.items() if state == "unknown"}


def test_an_interrupted_attempt_is_followed_by_the_next(world: MailerWorld) -> None:
    world.sink.faults.slow("rcpt", 30, times=1)
    with world.mailer() as mailer:
        world.order(world.command())
        until(lambda: world.sink.faults.struck("rcpt") == 1, "the server holds the conversation")
        mailer.kill()
    with world.mailer():
        world.wait_for_event(DeliverySent)
    assert world.outcomes() == ["interrupted", "sent"]
    assert world.arrived() == {"ada@example.org": 1}


def test_a_letter_that_was_handed_over_is_waited_for_before_it_counts_as_unknown(world: MailerWorld) -> None:
    world.sink.faults.slow("kept", 30, times=1)
    with world.mailer(PRESSROOM_SMTP_DATA_TIMEOUT_SECONDS="4") as mailer:
        world.order(world.command())
        world.wait_for_state("sending")
        world.order(world.command())
        until(lambda: "its answer may still come" in world.log.read_text(), "the second command was put back")
        mailer.kill()
    with world.mailer():
        world.wait_for_event(DeliveryUnknown)
    assert world.outcomes() == ["unknown"]
    assert world.events(DeliveryDeferred) == []


def test_a_mailer_that_was_overtaken_cuts_its_connection_before_the_final_dot(world: MailerWorld) -> None:
    world.sink.faults.slow("data", 4, times=1)
    with world.mailer():
        world.order(world.command())
        until(lambda: world.sink.faults.struck("data") == 1, "the first attempt is under way")
        overtake(world)
        until(lambda: "begun a newer attempt" in world.log.read_text(), "the first mailer has noticed")
    assert world.arrived() == {}


def overtake(world: MailerWorld) -> None:
    """What another mailer writes when it begins an attempt at the same delivery."""
    with world._store.begin() as session:
        session.execute(update(deliveries).values(attempt=2))


def test_two_hundred_letters_and_a_mailer_that_is_killed_again_and_again(world: MailerWorld) -> None:
    chance = random.Random(20_260_302)
    readers = [f"reader{number}@example.org" for number in range(200)]
    for step in ("rcpt", "data", "dot", "kept"):
        world.sink.faults.slow(step, 0.05, times=200)
    world.order(*[world.command(address) for address in readers])
    settings = {"PRESSROOM_MAILER_NORMAL_THREADS": "12", "PRESSROOM_MAILER_LEASE_SECONDS": "1"}
    kills = Counter[str]()
    for _ in range(8):
        before = len(world.sink.letters())
        with world.mailer(**settings) as mailer:
            # Some letters on, at whatever step the next ones are.
            until(lambda: len(world.sink.letters()) >= before + chance.randint(3, 9), "letters arrive")  # noqa: B023
            time.sleep(chance.uniform(0.0, 0.1))
            mailer.kill()
        kills.update(world.states().values())
    # The control: the kills hit letters on both sides of the final dot.
    assert kills["sending"] >= 1
    assert kills["pending"] >= 1
    world.sink.faults.clear()
    with world.mailer(**settings):
        until(lambda: len(world.states()) == 200 and set(world.states().values()) <= {"sent", "unknown"}, "all settled")
    states, arrived = world.states(), world.arrived()
    assert max(arrived.values()) == 1
    assert {address for address in readers if not arrived[address]} <= unknown_in(states)
    assert all(arrived[address] == 1 for address, state in states.items() if state == "sent")


def test_sigterm_lets_the_letters_in_hand_arrive(world: MailerWorld) -> None:
    world.sink.faults.slow("kept", 1.5)
    with world.mailer() as mailer:
        world.order(*[world.command(f"reader{number}@example.org") for number in range(4)])
        world.wait_for_state("sending", count=4)
        mailer.stop(signal.SIGTERM)
        assert mailer._process is not None
        assert mailer._process.returncode == 0
    assert Counter(world.states().values()) == {"sent": 4}
    assert sorted(world.arrived().values()) == [1, 1, 1, 1]
