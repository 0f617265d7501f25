"""Each thing that can go wrong has a class, which says whether trying again can help, and a sentence."""

from __future__ import annotations

import ssl

import aiosmtplib
import pytest

from libs.common.errors import PermanentFailure, TransientFailure
from services.mailer.answers import TooLarge, answer_of, failure, refusal
from services.mailer.server import MailServer

SERVER = MailServer(host="mail.example.org", port=587, user="reports", password="s3cret")


@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_a_4xx_is_tried_again(code: int) -> None:
    assert isinstance(refusal(SERVER, answer_of(code, "4.0.0 later")), TransientFailure)


@pytest.mark.parametrize("code", [500, 501, 550, 552, 553, 554])
def test_a_5xx_about_the_letter_is_final(code: int) -> None:
    refused = refusal(SERVER, answer_of(code, "5.1.1 no such user"))
    assert isinstance(refused, PermanentFailure)
    assert f"{code} 5.1.1 no such user" in str(refused)


@pytest.mark.parametrize("code", [530, 534, 535, 538])
def test_a_5xx_about_our_account_is_tried_again(code: int) -> None:
    assert isinstance(refusal(SERVER, answer_of(code, "5.7.0 authentication required")), TransientFailure)


def test_a_refused_recipient_keeps_the_words_of_the_server() -> None:
    # SMTPRecipientRefused is about one recipient; SMTPRecipientsRefused would be no SMTPResponseException at all.
    error = aiosmtplib.SMTPRecipientRefused(550, "5.1.1 <ada@example.org>:\nno such user", "ada@example.org")
    refused = failure(SERVER, error, about_the_letter=True)
    assert isinstance(refused, PermanentFailure)
    assert str(getattr(refused, "answer", "")) == "550 5.1.1 <ada@example.org>: no such user"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (aiosmtplib.SMTPConnectResponseError(554, "5.7.1 no service for you"), "does not talk to us now: 554"),
        (aiosmtplib.SMTPAuthenticationError(535, "5.7.8 bad credentials"), "refused the user and password"),
        (aiosmtplib.SMTPHeloError(550, "go away"), "does not talk to us now: 550"),
        (aiosmtplib.SMTPConnectTimeoutError("Timed out"), "did not answer in time"),
        (aiosmtplib.SMTPServerDisconnected("Connection lost"), "closed the connection before the letter"),
        (aiosmtplib.SMTPException("AUTH not supported"), "cannot be used: AUTH not supported"),
        (ssl.SSLError(1, "WRONG_VERSION_NUMBER"), "No TLS connection"),
        (UnicodeEncodeError("ascii", "ü", 0, 1, "no"), "cannot be used"),
    ],
)
def test_what_fails_before_the_letter_is_tried_again(error: Exception, words: str) -> None:
    failed = failure(SERVER, error, about_the_letter=False)
    assert isinstance(failed, TransientFailure)
    assert words in str(failed)
    assert "mail.example.org:587" in str(failed)
    assert "s3cret" not in str(failed)


def test_a_certificate_that_is_not_trusted_says_what_to_do() -> None:
    error = ssl.SSLCertVerificationError("certificate verify failed")
    error.verify_message = "self-signed certificate"
    failed = failure(SERVER, error, about_the_letter=False)
    assert isinstance(failed, TransientFailure)
    assert "is not trusted (self-signed certificate)" in str(failed)
    assert "PRESSROOM_SMTP_CA_FILE" in str(failed)


def test_the_innermost_cause_is_named() -> None:
    error = aiosmtplib.SMTPConnectError("Error connecting")
    error.__cause__ = ConnectionRefusedError(111, "Connection refused")
    assert str(failure(SERVER, error, about_the_letter=False)) == (
        "The mail server mail.example.org:587 cannot be reached: Connection refused."
    )


def test_an_address_that_cannot_be_said_is_refused_for_good() -> None:
    assert isinstance(failure(SERVER, ValueError("prohibited"), about_the_letter=True), PermanentFailure)


def test_a_long_or_dirty_answer_becomes_one_short_line() -> None:
    answer = answer_of(550, "no\r\nway\x00 \udcff" + "x" * 5000)
    assert "\n" not in str(answer)
    assert len(str(answer)) <= 504
    str(answer).encode()


@pytest.mark.parametrize(
    ("answer", "is_size"),
    [
        ("552 5.3.4 Message size exceeds fixed limit", True),
        ("554 5.3.4 Message too big for system", True),
        ("552 5.2.3 Message exceeds maximum fixed size", True),
        ("552 message size exceeds maximum permitted", True),
        ("552 5.2.2 Mailbox full", False),
        ("552 Mailbox size quota exceeded", False),
        ("550 5.1.1 No such user", False),
        ("550 a large man lives here", False),
    ],
)
def test_only_a_refusal_for_its_size_makes_a_letter_smaller(answer: str, is_size: bool) -> None:
    code, _, text = answer.partition(" ")
    refused = refusal(SERVER, answer_of(int(code), text))
    assert isinstance(refused, PermanentFailure)
    assert isinstance(refused, TooLarge) == is_size
