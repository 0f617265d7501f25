"""What the mail server said, and what it means for the delivery.

| what happened | means |
|---|---|
| 4xx to anything | transient: the server asks us to come again |
| 5xx to the greeting, EHLO, STARTTLS or AUTH | transient: it is about the two servers, and a person can mend it |
| 5xx to MAIL, RCPT, DATA or the content | permanent: it is about this letter or this address |
| 530, 534, 535, 538 to these | transient: the mailer's account is the problem, not the letter |
| no server, no TLS, no trusted certificate, connection lost before the final dot | transient |
| no answer to the final dot, or one that is none | unknown: the letter may have arrived |
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator

import aiosmtplib
import msgspec

from libs.common.errors import PermanentFailure, PressroomError, TransientFailure
from services.mailer.headers import one_line
from services.mailer.server import MailServer

MAX_ANSWER = 500
_ENHANCED = re.compile(r"(5\.\d{1,3}\.\d{1,3})\b")
_SIZE_WORDS = re.compile(r"\b(size|large|big|long)\b", re.IGNORECASE)
_ABOUT_OUR_ACCOUNT = frozenset({530, 534, 535, 538})


class Answer(msgspec.Struct, frozen=True):
    """One reply of the other side, in its own words on one line. `code` is 0 where it knows no codes."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"{self.code or ''} {self.text}".strip()


class NotNow(TransientFailure):
    """The letter was certainly not accepted, and may be later."""

    def __init__(self, sentence: str, answer: Answer | None = None) -> None:
        super().__init__(sentence)
        self.answer = answer


class Refused(PermanentFailure):
    """The letter was certainly not accepted, and never will be."""

    def __init__(self, sentence: str, answer: Answer | None = None) -> None:
        super().__init__(sentence)
        self.answer = answer


class TooLarge(Refused):
    """The letter was certainly not accepted, because of its size."""


class NoAnswer(PressroomError):
    """The letter was handed over, and nobody said whether it was accepted."""


def answer_of(code: int, text: str) -> Answer:
    """The server's reply, cleaned for a log line and a record."""
    return Answer(code, one_line(text.encode("utf-8", "replace").decode("utf-8"))[:MAX_ANSWER])


def refusal(server: MailServer, answer: Answer) -> NotNow | Refused:
    """What a 4xx or 5xx about this letter means."""
    if 500 <= answer.code < 600 and answer.code not in _ABOUT_OUR_ACCOUNT:
        kind = TooLarge if is_too_large(answer) else Refused
        return kind(f"The mail server {server} refused the letter: {answer}", answer)
    if answer.code in _ABOUT_OUR_ACCOUNT:
        return NotNow(f"The mail server {server} does not accept the mailer's account: {answer}", answer)
    return NotNow(f"The mail server {server} does not take the letter now: {answer}", answer)


def is_too_large(answer: Answer) -> bool:
    """Whether it is the size that the server does not like: 5.3.4 or 5.2.3 (RFC 3463), or 552 in words.

    552 alone is the mailbox that is full as well, which a smaller letter would not help.
    """
    enhanced = _ENHANCED.match(answer.text)
    if enhanced:
        return enhanced[1] in ("5.3.4", "5.2.3")
    return answer.code == 552 and _SIZE_WORDS.search(answer.text) is not None and "quota" not in answer.text.lower()


def failure(server: MailServer, error: Exception, *, about_the_letter: bool) -> PressroomError:
    """The failure that `error`, raised before the final dot, stands for.

    `about_the_letter` is False while we connect, greet and authenticate.
    """
    if isinstance(error, aiosmtplib.SMTPResponseException):
        answer = answer_of(error.code, error.message)
        return refusal(server, answer) if about_the_letter else _session_refused(server, error, answer)
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLError):
            return NotNow(_tls_sentence(server, cause))
    if isinstance(error, TimeoutError):
        return NotNow(f"The mail server {server} did not answer in time.")
    if isinstance(error, aiosmtplib.SMTPConnectError):
        return NotNow(f"The mail server {server} cannot be reached: {_reason(error)}.")
    if isinstance(error, ConnectionError):
        return NotNow(f"The mail server {server} closed the connection before the letter was handed over.")
    if isinstance(error, ValueError) and about_the_letter:
        return Refused(f"The address cannot be said to the mail server: {error}.")
    return NotNow(f"The mail server {server} cannot be used: {one_line(str(error))}")


def _session_refused(server: MailServer, error: aiosmtplib.SMTPResponseException, answer: Answer) -> NotNow:
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return NotNow(f"The mail server {server} refused the user and password in {server.url_is_in}: {answer}", answer)
    return NotNow(f"The mail server {server} does not talk to us now: {answer}", answer)


def _tls_sentence(server: MailServer, error: ssl.SSLError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return (
            f"The certificate of the mail server {server} is not trusted ({error.verify_message.rstrip('.')}); "
            f"if its authority is private, {_how_to_trust(server)}."
        )
    return f"No TLS connection to the mail server {server} came about: {getattr(error, 'reason', None) or error}."


def _how_to_trust(server: MailServer) -> str:
    if server.profile:
        return f"give that authority's certificate to {server.url_is_in}"
    return "name that authority's file in PRESSROOM_SMTP_CA_FILE"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    """The innermost words: `Connection refused` instead of three layers of packing."""
    innermost = list(_causes(error))[-1]
    words = str(innermost)
    if isinstance(innermost, OSError) and innermost.errno is not None:
        # A number below zero is no errno but one of getaddrinfo, whose words are in strerror.
        words = os.strerror(innermost.errno) if innermost.errno > 0 else innermost.strerror or words
    return one_line(words).rstrip(".") or type(innermost).__name__
