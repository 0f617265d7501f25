"""Letters to a mail server that nobody of ours has written."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from mailer_world import CONTENT, MailerWorld, large_artifact

from libs.common.errors import PermanentFailure
from libs.common.messages import DeliveryRejected, DeliverySent
from libs.local.postfix import PrivatePostfix


@pytest.fixture
def postfix() -> Iterator[PrivatePostfix]:
    try:
        server = PrivatePostfix(["ann", "bob"], size_limit_bytes=30_000)
    except PermanentFailure as missing:
        # As for the other servers: at home the test is skipped, in CI nothing may be hidden. Only root can run it.
        hides = os.environ.get("CI") == "true" and os.geteuid() == 0
        (pytest.fail if hides else pytest.skip)(str(missing))
    with server:
        yield server


def test_postfix_takes_our_letters_and_we_understand_its_answers(
    world: MailerWorld, postfix: PrivatePostfix, tmp_path: Path
) -> None:
    large = large_artifact(world, tmp_path)
    settings = {"PRESSROOM_SMTP_URL": postfix.url, "PRESSROOM_PUBLIC_URL": "https://reports.example.org"}
    with world.mailer(**settings):
        world.order(world.command("ann@example.org"), world.command("nobody@example.org"))
        world.order(world.command("bob@example.org", artifact=large))
        sent = {event.recipient.address: event for event in world.wait_for_event(DeliverySent, count=2)}
        [rejected] = world.wait_for_event(DeliveryRejected)
        world.wait_for_mail(lambda: len(postfix.letters("ann")) + len(postfix.letters("bob")), 2)
    [letter], [linked] = postfix.letters("ann"), postfix.letters("bob")
    [part] = letter.iter_attachments()
    assert (part.get_filename(), part.get_payload(decode=True)) == ("delays.csv", CONTENT)
    assert list(linked.iter_attachments()) == []
    assert [sent[f"{name}@example.org"].form for name in ("ann", "bob")] == ["files", "link"]
    for message, name in ((letter, "ann"), (linked, "bob")):
        event = sent[f"{name}@example.org"]
        assert message["Message-ID"] == event.rfc_message_id
        # The id under which Postfix logs the letter, which it wrote into the letter too.
        assert event.queue_id
        assert f"id {event.queue_id}" in " ".join(str(message["Received"]).split())
    assert rejected.answer.startswith("550 5.1.1 <nobody@example.org>: Recipient address rejected")
