"""What mail servers write about letters, in the shapes of those that one meets; and anything else that may come."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.clock import utc_now
from libs.common.dsn import Notice, as_event, blames_letter, delivery_in, is_hard, names_nobody, read_mail, status_in
from libs.common.messages import RecipientBounced, encode

DELIVERY = UUID("3e3d6f8e-be9f-5e3f-8d84-6f4f9f6f5f43")


def report(status: str, *, head: str = "", text: str = "It was not delivered.", original: str = "") -> bytes:
    """A multipart/report as servers write it."""
    original = original or f"Message-ID: <{DELIVERY}@reports.example.org>\nSubject: Sales\n"
    return f"""Return-Path: <>
{head}Message-ID: <1@mx.example.org>
Subject: Undeliverable
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="=_x"

--=_x
Content-Type: text/plain; charset=us-ascii

{text}
--=_x
Content-Type: message/delivery-status

{status}
--=_x
Content-Type: text/rfc822-headers

{original}
--=_x--
""".encode()


class Case(NamedTuple):
    """A notice, and what it says: address, failed, hard, status, the beginning of the diagnostic."""

    name: str
    raw: bytes
    address: str
    failed: bool
    hard: bool
    status: str
    diagnostic: str


CASES = [
    Case(
        "postfix",
        report(
            """Reporting-MTA: dns; mx.example.org
X-Postfix-Queue-ID: 4F1ABC
X-Postfix-Sender: rfc822; bounces@reports.example.org
Arrival-Date: Mon,  2 Mar 2026 08:00:01 +0100 (CET)

Final-Recipient: rfc822; ann@example.org
Original-Recipient: rfc822;Ann@example.org
Action: failed
Status: 5.1.1
Remote-MTA: dns; mail.example.org
Diagnostic-Code: smtp; 550 5.1.1 <ann@example.org>: Recipient address
    rejected: User unknown in virtual mailbox table
""",
            head="Auto-Submitted: auto-replied\n",
        ),
        "Ann@example.org",
        True,
        True,
        "5.1.1",
        "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown in virtual mailbox table",
    ),
    Case(
        "exim",
        report(
            """Reporting-MTA: dns; mail.example.org

Action: failed
Final-Recipient: rfc822;ann@example.org
Status: 5.0.0
Remote-MTA: dns; mx.example.org
Diagnostic-Code: smtp; 550 5.1.1 Unrouteable address
""",
            head="X-Failed-Recipients: ann@example.org\nAuto-Submitted: auto-replied\n",
        ),
        "ann@example.org",
        True,
        True,
        "5.1.1",
        "550 5.1.1 Unrouteable address",
    ),
    Case(
        "exim, before it knew of DSN",
        b"""Return-path: <>
X-Failed-Recipients: ann@example.org
Auto-Submitted: auto-replied
From: Mail Delivery System <Mailer-Daemon@mail.example.org>
Subject: Mail delivery failed: returning message to sender
Message-Id: <E1@mail.example.org>

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  ann@example.org
    SMTP error from remote mail server after RCPT TO:<ann@example.org>:
    550 5.7.1 Relaying denied
""",
        "ann@example.org",
        True,
        True,
        "5.7.1",
        "550 5.7.1 Relaying denied",
    ),
    Case(
        "exchange",
        report(
            """Reporting-MTA: dns;AM0PR01MB0001.eurprd01.prod.exchangelabs.example
Received-From-MTA: dns;mail.example.org
Arrival-Date: Mon, 2 Mar 2026 07:00:02 +0000

Original-Recipient: rfc822;ann@example.org
Final-Recipient: rfc822;ann@example.org
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup
X-Display-Name: Ann
""",
            head="X-MS-Exchange-Message-Is-Ndr:\nContent-Language: en-US\n",
        ),
        "ann@example.org",
        True,
        True,
        "5.1.10",
        "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup",
    ),
    Case(
        "gmail, a full mailbox",
        report(
            """Reporting-MTA: dns; googlemail.example
Arrival-Date: Sun, 01 Mar 2026 23:00:02 -0800 (PST)
X-Original-Message-ID: <1@x>

Final-Recipient: rfc822; ann@example.org
Action: failed
Status: 5.2.2
Remote-MTA: dns; gmail-smtp-in.example.
Diagnostic-Code: smtp; 552-5.2.2 The recipient's inbox is out of storage space.
 552 5.2.2 https://support.example/mail
""",
            head="Auto-Submitted: auto-replied\n",
        ),
        "ann@example.org",
        True,
        False,
        "5.2.2",
        "552-5.2.2 The recipient's inbox is out of storage space. 552 5.2.2",
    ),
    Case(
        "ses",
        report(
            """Reporting-MTA: dns; a1-2.smtp-out.example

Action: failed
Final-Recipient: rfc822; ann@example.org
Diagnostic-Code: smtp; 550 5.4.4 Invalid domain
Status: 5.4.4
""".replace("\n", "\r\n")
        ),
        "ann@example.org",
        True,
        True,
        "5.4.4",
        "550 5.4.4 Invalid domain",
    ),
    Case(
        "postfix, late",
        report(
            """Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ann@example.org
Action: delayed
Status: 4.4.1
Diagnostic-Code: X-Postfix; connect to mail.example.org[192.0.2.1]:25: Connection timed out
Will-Retry-Until: Sat,  7 Mar 2026 08:00:01 +0100 (CET)
"""
        ),
        "ann@example.org",
        False,
        False,
        "4.4.1",
        "connect to mail.example.org[192.0.2.1]:25: Connection timed out",
    ),
    Case(
        "postfix, given up after five days",
        report("Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; ann@example.org\nAction: failed\nStatus: 4.4.7\n"),
        "ann@example.org",
        True,
        False,
        "4.4.7",
        "",
    ),
    Case(
        "without the first group, and without a status",
        report("Final-Recipient: rfc822; <ann@example.org>\nAction: Failed (bounced)\n"),
        "ann@example.org",
        True,
        True,
        "",
        "",
    ),
    Case(
        "qmail",
        b"""From: MAILER-DAEMON@mail.example.org
Subject: failure notice
Message-ID: <q@mail.example.org>

Hi. This is the qmail-send program at mail.example.org.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@example.org>:
192.0.2.1 does not like recipient.
Remote host said: 550 5.1.1 User unknown
Giving up on 192.0.2.1.
""",
        "ann@example.org",
        True,
        True,
        "5.1.1",
        "Remote host said: 550 5.1.1 User unknown",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"], ids=["lf", "crlf"])
def test_a_notice_is_understood(case: Case, line_end: bytes) -> None:
    mail = read_mail(case.raw.replace(b"\r\n", b"\n").replace(b"\n", line_end))
    assert mail.kind == "bounce"
    [notice] = mail.notices
    assert (notice.address, notice.failed, notice.status) == (case.address, case.failed, case.status)
    assert is_hard(notice.failed, notice.status) is case.hard
    assert notice.diagnostic.startswith(case.diagnostic)
    assert notice.delivery_id == (DELIVERY if b"multipart/report" in case.raw else None)
    assert notice.reference
    assert not notice.complaint


def test_a_notice_tells_of_each_recipient_and_not_of_those_who_got_it() -> None:
    groups = "\n".join(
        f"Final-Recipient: rfc822; {name}@example.org\nAction: {action}\nStatus: {status}\n"
        for name, action, status in (
            ("ann", "failed", "5.1.1"),
            ("bob", "delivered", "2.0.0"),
            ("cy", "relayed", "2.1.5"),
            ("di", "delayed", "4.2.0"),
        )
    )
    mail = read_mail(report(f"Reporting-MTA: dns; mx\n\n{groups}"))
    assert [notice.address for notice in mail.notices] == ["ann@example.org", "di@example.org"]


COMPLAINT = f"""From: feedback@mail.example.org
Subject: complaint about message
Message-ID: <c@mail.example.org>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=feedback-report; boundary="y"

--y
Content-Type: text/plain

This is an email abuse report.
--y
Content-Type: message/feedback-report

Feedback-Type: KIND
User-Agent: Feedback/1.0
Version: 1
Original-Mail-From: <bounces@reports.example.org>
Original-Rcpt-To: <ann@example.org>

--y
Content-Type: message/rfc822

Message-ID: <{DELIVERY}@reports.example.org>
To: Bob <bob@example.org>
Subject: Sales

Hello.
--y--
"""


def test_a_complaint_is_understood() -> None:
    mail = read_mail(COMPLAINT.replace("KIND", "abuse").encode())
    [notice] = mail.notices
    assert (mail.kind, notice.complaint, notice.failed) == ("complaint", True, False)
    assert (notice.address, notice.delivery_id) == ("ann@example.org", DELIVERY)
    without = COMPLAINT.replace("KIND", "abuse").replace("Original-Rcpt-To: <ann@example.org>\n", "")
    assert [one.address for one in read_mail(without.encode()).notices] == ["bob@example.org"]
    assert read_mail(COMPLAINT.replace("KIND", "not-spam").encode()).notices == ()


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("Auto-Submitted: auto-replied (vacation)", "automatic"),
        ("X-Autoreply: yes", "automatic"),
        ("Precedence: auto_reply", "automatic"),
        ("Auto-Submitted: no", "other"),
        ("X-Nothing: said", "other"),
    ],
)
def test_a_holiday_notice_is_no_bounce(header: str, kind: str) -> None:
    raw = f"From: ann@example.org\n{header}\nSubject: Away\n\nI am away until 5.1.1970, call 550 1234.\n"
    mail = read_mail(raw.encode())
    assert (mail.kind, mail.notices) == (kind, ())


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("550 5.1.1 No", "5.1.1"),
        ("550-5.7.26 This mail", "5.7.26"),
        ("smtp; 421 Try later", "4.0.0"),
        ("554 No", "5.0.0"),
        ("192.5.1.1 is not a status", ""),
        ("", ""),
    ],
)
def test_a_status_is_found_in_words(text: str, status: str) -> None:
    assert status_in(text) == status


def test_what_the_letter_is_blamed_for_is_not_the_fault_of_the_address() -> None:
    assert all(names_nobody(status) for status in ("5.1.1", "5.1.2", "5.1.10"))
    assert not any(names_nobody(status) for status in ("5.1.7", "5.1.8", "5.2.1", "4.1.1", ""))
    assert all(blames_letter(status) for status in ("5.1.7", "5.1.8", "5.3.4", "5.6.0", "5.7.26"))
    assert not any(blames_letter(status) for status in ("5.1.1", "5.1.10", "5.7.1", "5.7.129", "5.2.1", ""))


def test_a_message_id_names_the_delivery() -> None:
    assert delivery_in(f"<{DELIVERY}@a>") == delivery_in(f" {DELIVERY}@a") == DELIVERY
    assert delivery_in("<4F1@a>") is None
    assert delivery_in(f"<x{DELIVERY}@a>") is None


PIECES = st.sampled_from(
    [
        *(line for case in CASES for line in case.raw.splitlines(keepends=True)),
        *COMPLAINT.encode().splitlines(keepends=True),
        b"\r\n",
        b"\0",
        b"\xff\xfe",
        b"Content-Type: message/rfc822\n\n",
        b"Final-Recipient: rfc822; \xff\0@x\n",
        b"Status: =?utf-8?b?8?=\n",
        b"Content-Transfer-Encoding: base64\n",
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.one_of(st.lists(PIECES, max_size=30).map(b"".join), st.binary(max_size=300)))
def test_whatever_comes_is_read_as_far_as_it_goes(raw: bytes) -> None:
    for notice in read_mail(raw).notices:
        event = as_event(notice, utc_now())
        assert isinstance(event, RecipientBounced)
        assert b"\\u0000" not in encode(event)


def test_a_mail_that_is_nested_without_end_is_no_danger() -> None:
    assert read_mail(b"Content-Type: message/rfc822\n\n" * 20_000).kind == "other"
    assert Notice(failed=False).address == ""
