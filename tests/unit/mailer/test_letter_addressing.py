"""Whom a letter names, and what else its header says."""

from __future__ import annotations

import re
from collections.abc import Callable
from email import message_from_bytes
from email.utils import getaddresses
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_world import DESK, KEYS, PUBLIC_URL, SENDER, WRITTEN_AT, letter_of, manner, read, text_of, without_links

from libs.common import links
from libs.common.delivering import MailProfile, Seen
from libs.common.errors import PermanentFailure
from libs.common.links import Link
from libs.common.messages import DeliverReport, Recipient, SendNotice
from services.mailer.headers import MAX_NAME, one_line
from services.mailer.letter import compose_notice

MakeCommand = Callable[..., DeliverReport]

ADA = Seen(address="ada@example.org", name="Ada")
BOB = Seen(address="bob@example.org", name="Bob, Jr.")
CAT = Seen(address="cat@example.org")
EVE = Recipient(address="eve@example.org", name="Eve", role="bcc")
PROFILE = MailProfile(
    profile_id=UUID(int=5),
    name="Shop",
    sealed_url="",
    sender="Shop <shop@example.org>",
    reply_to="Help <help@example.org>",
)


def to_and_cc(command: DeliverReport) -> tuple[list[str], list[str]]:
    message = message_from_bytes(letter_of(command).content)
    found = [[address for _, address in getaddresses(message.get_all(name, []))] for name in ("To", "Cc")]
    return found[0], found[1]


@pytest.mark.parametrize(
    ("recipient", "to", "cc", "named"),
    [
        (Recipient(address="ada@example.org"), (), (), (["ada@example.org"], [])),
        (
            Recipient(address="ada@example.org"),
            (ADA, BOB),
            (CAT,),
            (["ada@example.org", "bob@example.org"], ["cat@example.org"]),
        ),
        (Recipient(address="cat@example.org", role="cc"), (ADA,), (CAT,), (["ada@example.org"], ["cat@example.org"])),
        (Recipient(address="new@example.org"), (ADA,), (), (["ada@example.org", "new@example.org"], [])),
        (Recipient(address="new@example.org", role="cc"), (ADA,), (), (["ada@example.org"], ["new@example.org"])),
        (EVE, (ADA,), (CAT,), (["ada@example.org"], ["cat@example.org"])),
        (EVE, (), (), ([""], [])),
        (Recipient(address="ada@example.org"), (ADA, Seen(address="no address")), (), (["ada@example.org"], [])),
    ],
)
def test_a_letter_names_those_who_may_be_seen(
    make_command: MakeCommand, recipient: Recipient, to: Any, cc: Any, named: tuple[list[str], list[str]]
) -> None:
    command = make_command(recipient=recipient, to=to, cc=cc)
    assert to_and_cc(command) == named
    assert letter_of(command).recipient == recipient.address
    if recipient.role == "bcc":
        assert b"eve@" not in letter_of(command).content.lower()


def test_nobody_is_named_where_nobody_may_be(make_command: MakeCommand) -> None:
    assert read(letter_of(make_command(recipient=EVE)))["To"] == "undisclosed-recipients:;"


@pytest.mark.parametrize(
    ("reply_to", "profile", "value"),
    [
        ("", None, None),
        ("", PROFILE, "Help <help@example.org>"),
        ("Jörg <joerg@bücher.example>", PROFILE, "Jörg <joerg@xn--bcher-kva.example>"),
        ("bare@example.org", None, "bare@example.org"),
    ],
)
def test_answers_go_to_whom_the_schedule_or_its_profile_names(
    make_command: MakeCommand, reply_to: str, profile: MailProfile | None, value: str | None
) -> None:
    message = read(letter_of(manner(make_command(), reply_to=reply_to, profile=profile)))
    assert message["Reply-To"] == value


def test_a_reply_to_that_is_no_mailbox_is_refused(make_command: MakeCommand) -> None:
    with pytest.raises(PermanentFailure, match="is no e-mail address"):
        letter_of(manner(make_command(), reply_to="nobody"))


def test_an_address_that_this_letter_cannot_write_is_named_without_it(make_command: MakeCommand) -> None:
    jorg = Seen(address="jörg@example.org", name="Jörg")
    letter = letter_of(make_command(to=(ADA, jorg)))
    assert letter.needs_smtputf8 is False
    assert letter.content.isascii()
    names = [group.display_name for group in read(letter)["To"].groups if group.display_name]
    assert names == ["Jörg"]
    own = letter_of(make_command(recipient=Recipient(address="jörg@example.org"), to=(ADA, jorg)))
    assert own.needs_smtputf8 is True
    assert "<jörg@example.org>".encode() in own.content


any_name = st.text(max_size=150)


@settings(max_examples=15, deadline=None)
@given(names=st.lists(any_name, min_size=1, max_size=4), reply_to=any_name)
def test_no_name_adds_a_header_or_an_address(make_command: MakeCommand, names: list[str], reply_to: str) -> None:
    people = tuple(Seen(address=f"person-{number}@example.org", name=name) for number, name in enumerate(names))
    escaped = one_line(reply_to)[:MAX_NAME].replace("\\", "\\\\").replace('"', '\\"')
    command = make_command(recipient=Recipient(address="ada@example.org", role="cc"), to=people, cc=(ADA,))
    letter = letter_of(manner(command, reply_to=f'"{escaped}" <help@example.org>', subscription=True))
    message = read(letter)
    assert letter.content.isascii()
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    assert message.defects == []
    usual = read(letter_of(manner(make_command(to=(BOB,), cc=(ADA,)), reply_to="a@example.org", subscription=True)))
    assert message.keys() == usual.keys()
    assert [one.addr_spec for one in message["To"].addresses] == [one.address for one in people]
    assert [one.addr_spec for one in message["Reply-To"].addresses] == ["help@example.org"]


def test_a_subscription_can_be_ended_with_one_click(make_command: MakeCommand) -> None:
    letter = letter_of(manner(make_command(), subscription=True))
    message = read(letter)
    found = re.fullmatch(rf"<{re.escape(PUBLIC_URL)}api/v1/unsubscribe/([\w-]+)>", message["List-Unsubscribe"])
    assert found is not None
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    wanted = Link(kind="unsubscribe", address="ada@example.org", schedule_id=make_command().schedule_id)
    assert links.read(KEYS, found[1], WRITTEN_AT) == wanted
    assert f"Unsubscribe: {PUBLIC_URL}api/v1/unsubscribe/{found[1]}\n" in text_of(letter)
    assert f'href="{PUBLIC_URL}api/v1/unsubscribe/{found[1]}"' in text_of(letter, "html")


@pytest.mark.parametrize("why", ["no subscription", "no public url", "no schedule"])
def test_what_is_no_subscription_cannot_be_ended(make_command: MakeCommand, why: str) -> None:
    command = manner(make_command(), subscription=why != "no subscription")
    if why == "no schedule":
        command = msgspec.structs.replace(command, schedule_id=None)
    letter = letter_of(command, without_links() if why == "no public url" else DESK)
    assert "List-Unsubscribe" not in read(letter)
    assert "Unsubscribe" not in text_of(letter)


def test_letters_of_different_days_are_no_conversation(make_command: MakeCommand) -> None:
    monday = read(letter_of(make_command(subject="Sales")))
    tuesday = read(letter_of(make_command(subject="Sales", delivery_id=UUID(int=9))))
    assert "References" not in monday
    assert "In-Reply-To" not in monday
    assert monday["X-Entity-Ref-ID"] != tuesday["X-Entity-Ref-ID"]
    assert monday["Message-ID"] != tuesday["Message-ID"]


def test_a_notice_is_a_letter_without_files(make_command: MakeCommand) -> None:
    notice = SendNotice(
        notice_id=UUID(int=3),
        recipient=Recipient(address="ada@example.org", name="Ada"),
        subject="Sales failed\r\nBcc: eve@example.org",
        paragraphs=("The report did not come.", "<script>"),
        facts=(("Reason", "No <b>answer</b>."),),
        links=(("Open it", "https://reports.example.org/1?a=1&b=2"),),
        profile=PROFILE,
        requested_at=WRITTEN_AT,
    )
    letter = compose_notice(notice, sender=SENDER, message_id="<3@example.org>", written_at=WRITTEN_AT)
    message = read(letter)
    assert message["Subject"] == "Sales failed Bcc: eve@example.org"
    assert message["Reply-To"] == "Help <help@example.org>"
    assert message.get_content_type() == "multipart/alternative"
    assert text_of(letter).startswith(
        "The report did not come.\n\n<script>\n\n  Reason   No <b>answer</b>.\n\n"
        "Open it: https://reports.example.org/1?a=1&b=2\n"
    )
    html = text_of(letter, "html")
    assert "<script" not in html
    assert 'href="https://reports.example.org/1?a=1&amp;b=2"' in html
