"""The sink fails on request, at the step that was asked for and as often."""

from __future__ import annotations

import smtplib
import ssl
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from libs.mailsink import MailSink, Step
from libs.mailsink.certificate import self_signed

LETTER = b"Subject: Hello\r\n\r\nBody\r\n"
NOW = datetime.now(UTC)


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters") as sink:
        yield sink


def send(sink: MailSink, recipient: str = "ada@example.org", letter: bytes = LETTER) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as smtp:
        smtp.sendmail("reports@example.org", [recipient], letter)


def test_a_recipient_is_refused_as_often_as_asked_and_then_accepted(sink: MailSink) -> None:
    sink.faults.refuse("450 4.2.0 Greylisted", recipient="ada@example.org", times=2)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
            send(sink)
        assert refused.value.recipients["ada@example.org"] == (450, b"4.2.0 Greylisted")
    send(sink)
    assert len(sink.letters()) == 1


def test_a_fault_of_one_recipient_leaves_the_others_alone(sink: MailSink) -> None:
    sink.faults.refuse("550 5.1.1 No such user", recipient="ada@example.org")
    send(sink, "bob@example.org")
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        send(sink)
    assert [letter.envelope.recipients for letter in sink.letters()] == [("bob@example.org",)]


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("connect", smtplib.SMTPConnectError),
        ("mail", smtplib.SMTPSenderRefused),
        ("rcpt", smtplib.SMTPRecipientsRefused),
        ("data", smtplib.SMTPDataError),
        ("dot", smtplib.SMTPDataError),
    ],
)
def test_a_step_can_be_refused(sink: MailSink, step: Step, error: type[Exception]) -> None:
    sink.faults.refuse("421 4.3.2 Not now", step=step)
    with pytest.raises(error):
        send(sink)
    assert sink.letters() == []


@pytest.mark.parametrize("step", ["connect", "ehlo", "mail", "rcpt", "data", "body", "dot"])
def test_a_connection_dropped_before_the_letter_is_kept_leaves_no_letter(sink: MailSink, step: Step) -> None:
    sink.faults.drop(step)
    # Large enough not to fit into the buffers between client and server: `body` strikes while it is written.
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        send(sink, letter=LETTER + b"x" * 70 + b"\r\n" + (b"y" * 70 + b"\r\n") * 100_000)
    assert sink.letters() == []
    send(sink)
    assert len(sink.letters()) == 1


def test_a_connection_dropped_after_the_letter_was_kept_leaves_it_there(sink: MailSink) -> None:
    sink.faults.drop("kept", recipient="ada@example.org")
    with pytest.raises(smtplib.SMTPServerDisconnected):
        send(sink)
    assert len(sink.letters()) == 1


def test_an_answer_can_be_slow(sink: MailSink) -> None:
    sink.faults.slow("rcpt", 0.3, times=1)
    began = time.monotonic()
    send(sink)
    assert time.monotonic() - began >= 0.3


def test_cleared_faults_strike_no_more(sink: MailSink) -> None:
    sink.faults.refuse("550 5.1.1 No such user")
    sink.faults.clear()
    send(sink)
    assert len(sink.letters()) == 1


def test_a_fault_that_makes_no_sense_is_refused(sink: MailSink) -> None:
    with pytest.raises(ValueError, match="not known yet"):
        sink.faults.refuse("421 4.3.2 Not now", recipient="ada@example.org", step="connect")
    with pytest.raises(ValueError, match="cannot answer"):
        sink.faults.refuse("421 4.3.2 Not now", step="body")


def test_starttls_works_and_can_be_insisted_on(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost", now=NOW)
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    with MailSink(tmp_path / "letters", tls=certificate.server_context(), requires_tls=True) as sink:
        with pytest.raises(smtplib.SMTPSenderRefused):
            send(sink)
        with smtplib.SMTP("localhost", sink.port, timeout=10) as smtp:
            smtp.starttls(context=trusting)
            smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
        assert [letter.envelope.encrypted for letter in sink.letters()] == [True]


def test_tls_from_the_first_byte_works(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost", now=NOW)
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    with MailSink(tmp_path / "letters", tls=certificate.server_context(), implicit_tls=True) as sink:
        assert sink.url.startswith("smtps://")
        with smtplib.SMTP_SSL("localhost", sink.port, timeout=10, context=trusting) as smtp:
            smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
        assert [letter.envelope.encrypted for letter in sink.letters()] == [True]


def test_an_expired_certificate_is_not_trusted(tmp_path: Path) -> None:
    certificate = self_signed(tmp_path, "localhost", now=NOW, valid_days=-1)
    trusting = ssl.create_default_context(cafile=str(certificate.certificate))
    with (
        MailSink(tmp_path / "letters", tls=certificate.server_context()) as sink,
        smtplib.SMTP("localhost", sink.port, timeout=10) as smtp,
        pytest.raises(ssl.SSLCertVerificationError, match="expired"),
    ):
        smtp.starttls(context=trusting)


def test_a_sink_with_credentials_takes_no_letter_without_them(tmp_path: Path) -> None:
    with MailSink(tmp_path, credentials={"pressroom": "s3cret"}) as sink:
        with pytest.raises(smtplib.SMTPSenderRefused, match="Authentication required"):
            send(sink)
        with smtplib.SMTP(sink.host, sink.port, timeout=10) as smtp:
            with pytest.raises(smtplib.SMTPAuthenticationError):
                smtp.login("pressroom", "wrong")
            smtp.login("pressroom", "s3cret")
            smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
        assert [letter.envelope.user for letter in sink.letters()] == ["pressroom"]
