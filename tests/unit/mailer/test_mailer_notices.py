"""Notices go the way of reports, but nobody is told when one does not arrive."""

from __future__ import annotations

import asyncio
import email
import email.policy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select

from libs.common.delivering import Destination
from libs.common.errors import TransientFailure
from libs.common.handlers import Attempt
from libs.common.messages import (
    Event,
    NoticeEnded,
    Recipient,
    RecipientBounced,
    RecipientPreferenceSet,
    SendNotice,
    decode_event,
)
from libs.common.outbox import outbox
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from services.mailer.bounces import take_bounce
from services.mailer.channels.parcel import parcel_of_notice
from services.mailer.clerk import Clerk
from services.mailer.consent import on_preference_set, suppress
from services.mailer.deliver import PostOffice
from services.mailer.desk import Desk
from services.mailer.handovers import Handovers
from services.mailer.ledger import Ledger
from services.mailer.letter import compose_notice
from services.mailer.mailbox import parse_mailbox
from services.mailer.notices import send_notice
from services.mailer.paces import Paces
from services.mailer.post import Post
from services.mailer.profiles import Profiles
from services.mailer.server import parse_server, tls_context
from services.mailer.shares import Shares
from services.mailer.smtp import Timeouts
from services.mailer.tables import deliveries

NOW = datetime(2026, 3, 2, 7, 0, 15, tzinfo=UTC)
FIRST, LAST = Attempt(1, 8), Attempt(8, 8)
SENDER = parse_mailbox("Pressroom <reports@example.org>")
NOTICE = SendNotice(
    notice_id=UUID("6f0b3a52-6f8e-5d0c-9c53-0000000000aa"),
    recipient=Recipient(address="ann@example.org", name="ann"),
    subject="Failed: Hourly delays",
    paragraphs=("The report of “Hourly delays” failed: nobody got it.", "Why: <No> such table."),
    facts=(("Schedule", "Hourly delays"), ("Attempt", "1 of 4")),
    links=(("The schedule", "https://reports.example.org/api/v1/reports/schedules/1"),),
    schedule_id=UUID("6f0b3a52-6f8e-5d0c-9c53-000000000003"),
    requested_at=NOW,
)


@pytest.fixture
def office(ledger_store: Store, tmp_path: Path) -> PostOffice:
    """A post office whose mail server is away: port 1 of this machine answers nobody."""
    ledger = Ledger(ledger_store)
    profiles = Profiles(
        parse_server("smtp://127.0.0.1:1"),
        tls_context(""),
        SENDER,
        opened=lambda sealed: sealed,
        timeouts=Timeouts(command=5, data=5),
        client_name="mailer.example.org",
    )
    desk = Desk(storage=ArtifactStorage(str(tmp_path / "artifacts")), seal_keys="", public_url="", link_days=7)
    return PostOffice(
        ledger=ledger,
        clerk=Clerk(ledger),
        handovers=Handovers(ledger, timedelta(seconds=60), clock=lambda: NOW),
        profiles=profiles,
        senders={"email": Post(profiles, desk)},
        shares=Shares({"mail.normal": 4, "mail.urgent": 2}),
        paces=Paces(ledger),
        clock=lambda: NOW,
    )


def told(store: Store) -> list[Event | None]:
    with store.read() as session:
        rows = session.execute(select(outbox.c.body, outbox.c.wire_name).order_by(outbox.c.id))
        return [decode_event(row.body, row.wire_name) for row in rows]


def test_a_notice_is_tried_like_a_letter_and_given_up_without_a_dead_letter(
    office: PostOffice, ledger_store: Store
) -> None:
    with pytest.raises(TransientFailure, match="cannot be reached"):
        asyncio.run(send_notice(NOTICE, FIRST, office))
    assert told(ledger_store) == []  # only its end is told
    asyncio.run(send_notice(NOTICE, LAST, office))
    asyncio.run(send_notice(NOTICE, FIRST, office))  # the broker may deliver it twice
    [ended] = told(ledger_store)
    assert isinstance(ended, NoticeEnded)
    assert (ended.notice_id, ended.state) == (NOTICE.notice_id, "rejected")
    assert ended.reason.endswith("It was tried 2 times, and is given up.")
    with ledger_store.read() as session:
        assert session.execute(select(deliveries.c.kind, deliveries.c.state)).all() == [("notice", "rejected")]


def test_what_can_never_be_sent_is_told_at_once_and_harms_nobody(office: PostOffice, ledger_store: Store) -> None:
    nobody = msgspec.structs.replace(NOTICE, recipient=Recipient(address="no address"))
    asyncio.run(send_notice(nobody, FIRST, office))
    nowhere = msgspec.structs.replace(NOTICE, notice_id=UUID(int=7), destination=hook("webhook"))
    asyncio.run(send_notice(nowhere, FIRST, office))
    first, second = told(ledger_store)
    assert isinstance(first, NoticeEnded)
    assert isinstance(second, NoticeEnded)
    assert (first.state, second.state) == ("rejected", "rejected")
    assert second.reason == "This mailer knows no channel webhook."


def test_who_unsubscribed_from_reports_still_answers_for_them_but_a_dead_mailbox_is_left_alone(
    office: PostOffice, ledger_store: Store
) -> None:
    with ledger_store.begin() as session:
        event = RecipientPreferenceSet(at=NOW, address="ann@example.org", wanted=False, by="recipient")
        on_preference_set(session, event)
    with pytest.raises(TransientFailure):  # it is tried
        asyncio.run(send_notice(NOTICE, FIRST, office))
    with ledger_store.begin() as session:
        suppress(session, "ann@example.org", "bounce", "550 No such user", "mailer", at=NOW)
    asyncio.run(send_notice(NOTICE, FIRST, office))
    ended = told(ledger_store)[-1]
    assert isinstance(ended, NoticeEnded)
    assert ended.state == "suppressed"


def test_a_notice_that_comes_back_is_no_report(office: PostOffice, ledger_store: Store) -> None:
    with pytest.raises(TransientFailure):
        asyncio.run(send_notice(NOTICE, FIRST, office))
    with ledger_store.begin() as session:
        session.execute(deliveries.update().values(state="sent"))
        bounce = RecipientBounced(
            at=NOW, delivery_id=NOTICE.notice_id, address="ann@example.org", hard=True, diagnostic="550 No"
        )
        take_bounce(session, bounce)
    assert [one for one in told(ledger_store) if one is not None and one.wire_name() == "delivery.bounced.v1"] == []


def test_a_notice_says_all_in_text_and_html() -> None:
    letter = compose_notice(NOTICE, sender=SENDER, message_id="<1@example.org>", written_at=NOW)
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert message["Subject"] == "Failed: Hourly delays"
    assert message["Auto-Submitted"] == "auto-generated"
    texts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    for kind in ("text/plain", "text/html"):
        for words in ("failed: nobody got it.", "1 of 4", NOTICE.links[0][1]):
            assert words in texts[kind], kind
    assert "Why: <No> such table." in texts["text/plain"]
    assert "Why: &lt;No&gt; such table." in texts["text/html"]


def hook(kind: str) -> Destination:
    return msgspec.convert(
        {"destination_id": UUID(int=1), "name": "On call", "kind": kind, "sealed_url": "", "shown": ""}, Destination
    )


def test_a_place_gets_the_same_facts_and_a_folder_a_file_of_them() -> None:
    chat = parcel_of_notice(msgspec.structs.replace(NOTICE, destination=hook("slack")))
    assert (chat.kind, chat.title, chat.files) == ("notice", NOTICE.subject, ())
    assert (chat.paragraphs, chat.facts, chat.links) == (NOTICE.paragraphs, NOTICE.facts, NOTICE.links)
    (file,) = parcel_of_notice(msgspec.structs.replace(NOTICE, destination=hook("folder"))).files
    content = b"".join(file.pieces()).decode()
    assert "nobody got it" in content
    assert "Attempt: 1 of 4" in content
