"""Commands go in, letters and events come out, whatever the mail server does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

from mailer_world import CONTENT, KEYS, MailerWorld, changed, until

from libs.common.messages import DeliveryDeferred, DeliveryEvent, DeliveryRejected, DeliverySent, DeliveryUnknown
from libs.local.ports import free_port
from libs.mailsink import MailSink


def the_only(events: list[DeliveryEvent]) -> DeliveryEvent:
    [event] = events
    return event


def test_an_ordered_report_arrives_with_its_file_and_is_announced(world: MailerWorld) -> None:
    with world.mailer():
        world.order(world.command())
        sent = the_only(world.wait_for_event(DeliverySent))
    assert isinstance(sent, DeliverySent)
    assert (sent.attempt, sent.recipient.address) == (1, "ada@example.org")
    assert sent.answer.startswith("250 2.0.0 Kept as")
    assert world.states() == {"ada@example.org": "sent"}
    [letter] = world.sink.letters()
    assert letter.message["Message-ID"] == sent.rfc_message_id
    [part] = letter.message.iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("delays.csv", CONTENT)


def test_urgent_letters_have_a_queue_of_their_own(world: MailerWorld) -> None:
    with world.mailer(PRESSROOM_MAILER_NORMAL_THREADS="0"):
        world.order(world.command("bob@example.org"), world.command(priority="urgent"))
        world.wait_for_event(DeliverySent)
        assert world.states() == {"ada@example.org": "sent"}
        assert world.ready("mail.normal") == 1


def test_a_greylisted_letter_is_deferred_and_arrives_once(world: MailerWorld) -> None:
    world.sink.faults.refuse("450 4.2.0 Greylisted", recipient="ada@example.org", times=2)
    with world.mailer():
        world.order(world.command())
        world.wait_for_state("sent")
        deferred = world.wait_for_event(DeliveryDeferred, count=2)
        world.wait_for_event(DeliverySent)
    assert [(event.attempt, event.max_attempts) for event in deferred if isinstance(event, DeliveryDeferred)] == [
        (1, 8),
        (2, 8),
    ]
    assert all(isinstance(event, DeliveryDeferred) and event.answer == "450 4.2.0 Greylisted" for event in deferred)
    assert world.outcomes() == ["deferred", "deferred", "sent"]
    assert world.arrived() == {"ada@example.org": 1}
    assert world.dead_letters() == 0


def test_a_refused_address_is_not_tried_again(world: MailerWorld) -> None:
    world.sink.faults.refuse("550 5.1.1 No such user", recipient="ada@example.org", times=1)
    with world.mailer():
        world.order(world.command(), world.command("bob@example.org"))
        rejected = the_only(world.wait_for_event(DeliveryRejected))
        world.wait_for_event(DeliverySent)
        until(lambda: world.dead_letters() == 1, "the command is a dead letter")
    assert isinstance(rejected, DeliveryRejected)
    assert (rejected.error_class, rejected.answer) == ("permanent", "550 5.1.1 No such user")
    assert world.outcomes() == ["rejected"]
    assert world.arrived() == {"bob@example.org": 1}


def test_a_letter_is_given_up_after_its_last_attempt(world: MailerWorld) -> None:
    world.sink.faults.refuse("451 4.3.0 Come again")
    with world.mailer(PRESSROOM_MAILER_MAX_ATTEMPTS="3"):
        world.order(world.command())
        rejected = the_only(world.wait_for_event(DeliveryRejected))
        until(lambda: world.dead_letters() == 1, "the command is a dead letter")
    assert isinstance(rejected, DeliveryRejected)
    assert (rejected.error_class, rejected.attempt) == ("transient", 3)
    assert rejected.reason.endswith("451 4.3.0 Come again. It was tried 3 times, and is given up.")
    assert world.outcomes() == ["deferred", "deferred", "rejected"]


def test_a_connection_cut_before_data_costs_an_attempt_and_no_letter(world: MailerWorld) -> None:
    world.sink.faults.drop("data")
    with world.mailer():
        world.order(world.command())
        world.wait_for_event(DeliverySent)
    assert world.outcomes() == ["deferred", "sent"]
    assert world.arrived() == {"ada@example.org": 1}


def test_a_connection_cut_after_the_final_dot_is_unknown_and_never_sent_again(world: MailerWorld) -> None:
    world.sink.faults.drop("kept")
    with world.mailer():
        world.order(world.command())
        unknown = the_only(world.wait_for_event(DeliveryUnknown))
        world.order(world.command(), world.command("bob@example.org"))
        world.wait_for_state("sent", "bob@example.org")
    assert isinstance(unknown, DeliveryUnknown)
    assert "may have arrived" in unknown.reason
    assert world.outcomes() == ["unknown"]
    assert world.arrived() == {"ada@example.org": 1, "bob@example.org": 1}


def test_the_same_command_twice_is_one_letter(world: MailerWorld) -> None:
    world.order(world.command(), world.command(), world.command())
    with world.mailer():
        world.wait_for_event(DeliverySent)
        world.order(world.command(), world.command("bob@example.org"))
        world.wait_for_event(DeliverySent, count=2)
        until(lambda: world.ready() == 0, "all commands were taken")
    assert world.arrived() == {"ada@example.org": 1, "bob@example.org": 1}
    assert len(world.events(DeliverySent)) == 2


def test_a_mail_server_that_comes_back_gets_the_letter(world: MailerWorld) -> None:
    world.sink.stop()
    with world.mailer():
        world.order(world.command())
        deferred = world.wait_for_event(DeliveryDeferred)[0]
        world.sink.start()
        world.wait_for_event(DeliverySent)
    assert isinstance(deferred, DeliveryDeferred)
    assert "cannot be reached: Connection refused" in deferred.reason
    assert world.arrived() == {"ada@example.org": 1}


def test_a_missing_file_is_rejected_for_good(world: MailerWorld) -> None:
    missing = changed(world.artifact, key="reports/1/gone.csv")
    with world.mailer():
        world.order(world.command(artifact=missing))
        rejected = the_only(world.wait_for_event(DeliveryRejected))
    assert isinstance(rejected, DeliveryRejected)
    assert rejected.error_class == "permanent"
    assert "reports/1/gone.csv is no longer in the artifact storage" in rejected.reason


def test_a_file_that_is_not_the_one_that_was_made_is_never_sent(world: MailerWorld) -> None:
    other = changed(world.artifact, sha256="0" * 64)
    with world.mailer():
        world.order(world.command(artifact=other))
        rejected = the_only(world.wait_for_event(DeliveryRejected))
    assert isinstance(rejected, DeliveryRejected)
    assert "SHA-256 differs" in rejected.reason
    assert world.arrived() == {}


def test_each_attempt_is_counted_and_logged_with_its_ids(world: MailerWorld) -> None:
    world.sink.faults.refuse("450 4.2.0 Greylisted", times=1)
    port = free_port()
    command = world.command()
    with world.mailer(PRESSROOM_MAILER_OPERATIONS_PORT=str(port)):
        world.order(command)
        world.wait_for_event(DeliverySent)
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            metrics = answer.read().decode()
    for outcome in ("sent", "deferred"):
        assert f'pressroom_deliveries_total{{channel="email",outcome="{outcome}"}} 1.0' in metrics
    assert 'pressroom_delivery_seconds_count{channel="email"} 2.0' in metrics
    lines = [json.loads(line) for line in world.log.read_text().splitlines() if "an attempt has ended" in line]
    assert [line["outcome"] for line in lines] == ["deferred", "sent"]
    for line in lines:
        assert line["report_id"] == str(command.report_id)
        assert line["delivery_id"] == str(command.delivery_id)


def test_a_wrong_setting_is_named_and_ends_the_mailer() -> None:
    environment = {
        "PRESSROOM_BROKER_URL": "amqp://user:password@127.0.0.1/",
        "PRESSROOM_SMTP_URL": "smtp://user:s3cret@mail.example.org?starttls=perhaps",
        "PRESSROOM_MAIL_FROM": "reports@example.org",
        "PRESSROOM_SEAL_KEYS": KEYS,
        "PRESSROOM_MAILER_STORE_URL": "sqlite:///:memory:",
    }
    ended = subprocess.run(
        [sys.executable, "-m", "services.mailer"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 2
    assert ended.stderr == "starttls in PRESSROOM_SMTP_URL must be one of required, when-offered, never.\n"


def test_two_mailers_on_one_postgresql_ledger_send_each_letter_once(
    tmp_path: Path, broker_url: str, sink: MailSink, postgres_url: str
) -> None:
    world = MailerWorld(tmp_path, broker_url, sink, postgres_url)
    readers = [f"reader{number}@example.org" for number in range(20)]
    sink.faults.slow("rcpt", 0.1)
    sink.faults.refuse("450 4.2.0 Greylisted", recipient=readers[0], step="dot", times=1)
    try:
        with world.mailer(), world.mailer():
            commands = [world.command(reader) for reader in readers]
            world.order(*commands, *reversed(commands))
            world.wait_for_event(DeliverySent, count=20)
            until(lambda: world.ready() == 0, "all commands were taken")
        assert world.arrived() == dict.fromkeys(readers, 1)
        assert set(world.states().values()) == {"sent"}
    finally:
        world.close()
