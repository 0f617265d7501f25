"""The sink keeps what it accepted, exactly, and nothing else."""

from __future__ import annotations

import smtplib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from libs.mailsink import Envelope, LetterFolder, MailSink

LETTER = b"Subject: Hello\r\n\r\n.a line with a dot\r\n\xc3\xa4 \x00 bytes\r\n"


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters") as sink:
        yield sink


def client(sink: MailSink) -> smtplib.SMTP:
    return smtplib.SMTP(sink.host, sink.port, timeout=10)


def test_a_letter_is_kept_byte_by_byte(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER, mail_options=["BODY=8BITMIME"])
    assert [letter.raw for letter in sink.letters()] == [LETTER]


def test_the_envelope_lies_beside_the_letter_and_not_in_it(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["ada@example.org", "bob@example.org"], LETTER)
    [letter] = sink.letters()
    assert letter.envelope.sender == "reports@example.org"
    assert letter.envelope.recipients == ("ada@example.org", "bob@example.org")
    assert letter.envelope.encrypted is False
    assert list(letter.message.keys()) == ["Subject"]


def test_a_letter_is_on_disk_before_it_is_confirmed(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
        assert len(list(sink.folder.folder.glob("*.eml"))) == 1


def test_no_unfinished_file_stays_behind(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
    assert {path.suffix for path in sink.folder.folder.iterdir()} == {".eml", ".json"}


def test_an_address_in_any_script_is_accepted(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.ehlo()
        smtp.mail("reports@example.org", ["SMTPUTF8"])
        smtp.command_encoding = "utf-8"
        smtp.rcpt("jürgen@bücher.example")
        smtp.data(LETTER)
    [letter] = sink.letters()
    assert letter.envelope.recipients == ("jürgen@bücher.example",)
    assert letter.envelope.smtputf8 is True
    assert "jürgen@bücher.example" in letter.path.name


def test_a_letter_above_the_size_limit_is_refused(tmp_path: Path) -> None:
    with MailSink(tmp_path, size_limit_bytes=100) as sink, client(sink) as smtp:
        smtp.ehlo()
        assert smtp.esmtp_features["size"] == "100"
        with pytest.raises(smtplib.SMTPSenderRefused) as refused:
            smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER * 10)
        assert refused.value.smtp_code == 552
        assert sink.letters() == []


def test_a_recipient_cannot_name_a_file_outside_the_folder(tmp_path: Path) -> None:
    envelope = Envelope(
        sender="a@example.org",
        recipients=("../../etc/passwd\x00@example.org",),
        received_at=datetime(2026, 3, 1, tzinfo=UTC),
        peer="127.0.0.1",
        encrypted=False,
    )
    folder = LetterFolder(tmp_path / "letters")
    path = folder.keep(LETTER, envelope, letter_id=UUID(int=1))
    assert path.parent == tmp_path / "letters"
    assert path.name == "20260301T000000.000000Z_.._.._etc_passwd_@example.org_00000000.eml"


def test_a_stopped_sink_comes_back_on_the_same_port_with_its_letters(sink: MailSink) -> None:
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
    port = sink.port
    sink.stop()
    with pytest.raises(ConnectionRefusedError):
        client(sink)
    sink.start()
    assert sink.port == port
    with client(sink) as smtp:
        smtp.sendmail("reports@example.org", ["bob@example.org"], LETTER)
    assert len(sink.wait_for_letters(2)) == 2


def test_a_taken_port_is_an_error_and_not_a_silence(sink: MailSink, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        MailSink(tmp_path / "other", port=sink.port).start()


def test_waiting_for_a_letter_that_does_not_come_ends(sink: MailSink) -> None:
    with pytest.raises(TimeoutError, match="0 of 1 letters"):
        sink.wait_for_letters(1, timeout_seconds=0.1)


def test_a_disk_that_refuses_is_the_fault_of_the_sink_and_the_sender_may_try_again(sink: MailSink) -> None:
    sink.folder.folder.rmdir()
    with client(sink) as smtp, pytest.raises(smtplib.SMTPDataError) as failed:
        smtp.sendmail("reports@example.org", ["ada@example.org"], LETTER)
    assert failed.value.smtp_code == 451
