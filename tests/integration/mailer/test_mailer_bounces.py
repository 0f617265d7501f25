"""A letter comes back over SMTP, a recipient clicks once: in both cases the next letter is not sent."""

from __future__ import annotations

import re
import smtplib
from pathlib import Path
from uuid import uuid4

import pytest
from litestar.testing import TestClient
from mailer_world import KEYS, MailerWorld, until
from msgspec.structs import replace
from sqlalchemy import select

from libs.common.clock import utc_now
from libs.common.delivering import Manner
from libs.common.ids import delivery_id
from libs.common.messages import (
    DeliverReport,
    DeliveryBounced,
    DeliveryRejected,
    DeliverySent,
    DeliverySuppressed,
    SuppressionChanged,
)
from libs.common.migrations import migrate
from libs.common.operations import Health
from libs.common.relay import Relay
from libs.common.sealing import Sealer
from libs.common.storage import ArtifactStorage
from libs.common.store import Store
from libs.common.topology import Topology
from libs.local.ports import free_port
from services.api.app import make_app
from services.api.platform import Platform
from services.api.settings import ApiSettings
from services.mailer.tables import preferences

SCHEDULE = uuid4()

NOTICE = """From: MAILER-DAEMON@mx.example.org
To: {path}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

No.
--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.org

Final-Recipient: rfc822; ada@example.org
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 No such user

--B--
"""


def letter_to(world: MailerWorld, address: str, *, is_test: bool = False) -> DeliverReport:
    """Another report of the schedule, for this recipient."""
    report_id = uuid4()
    return replace(
        world.command(address, manner=Manner(subscription=True, is_test=is_test)),
        delivery_id=delivery_id(report_id, "email", address),
        report_id=report_id,
        schedule_id=SCHEDULE,
    )


def unwanted(world: MailerWorld) -> list[str]:
    """Who, as the ledger has heard, wants no letters of the schedule."""
    query = select(preferences.c.address).where(preferences.c.schedule_id == SCHEDULE, preferences.c.wanted.is_(False))
    with world._store.read() as session:
        return list(session.execute(query).scalars())


def knock(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port, timeout=5).quit()
    except OSError:
        return False
    return True


def test_what_comes_back_or_is_unsubscribed_is_not_sent_again(
    world: MailerWorld, tmp_path: Path, broker_url: str
) -> None:
    port = free_port()
    settings = {
        "PRESSROOM_BOUNCE_ADDRESS": "bounces@reports.example.org",
        "PRESSROOM_BOUNCE_PORT": str(port),
        "PRESSROOM_PUBLIC_URL": "https://reports.example.org",
        "PRESSROOM_ALLOWED_DOMAINS": "example.org",
    }
    with world.mailer(**settings):
        first, second = letter_to(world, "ada@example.org"), letter_to(world, "bob@example.org")
        world.order(first, second, letter_to(world, "eve@example.com"))
        world.wait_for_event(DeliverySent, count=2)
        rejected = world.wait_for_event(DeliveryRejected)[0]
        assert rejected.reason.startswith("eve@example.com is not allowed: letters may go to example.org only")
        letters = {letter.envelope.recipients[0]: letter for letter in world.sink.letters()}
        path = letters["ada@example.org"].envelope.sender
        assert re.fullmatch(r"bounces\+[a-z2-7]{39}@reports\.example\.org", path)

        until(lambda: knock(port), "the bounce inbox listens")
        tell(port, path)
        bounced = world.wait_for_event(DeliveryBounced)[0]
        assert (bounced.delivery_id, bounced.answer) == (first.delivery_id, "550 5.1.1 No such user")
        changed = world.wait_for_event(SuppressionChanged)[0]
        assert (changed.address, changed.suppressed, changed.cause) == ("ada@example.org", True, "bounce")

        one_click(tmp_path, broker_url, str(letters["bob@example.org"].message["List-Unsubscribe"]))
        until(lambda: unwanted(world) == ["bob@example.org"], "the mailer has heard of it")

        again = [letter_to(world, address) for address in ("ada@example.org", "bob@example.org")]
        tests = [letter_to(world, address, is_test=True) for address in ("ada@example.org", "bob@example.org")]
        world.order(*again, *tests)
        suppressed = {event.delivery_id: event.reason for event in world.wait_for_event(DeliverySuppressed, count=3)}
        world.wait_for_event(DeliverySent, count=3)
        assert suppressed.keys() == {again[0].delivery_id, again[1].delivery_id, tests[0].delivery_id}
        assert "letters to it come back" in suppressed[again[0].delivery_id]
        assert suppressed[again[1].delivery_id].startswith("The recipient has unsubscribed from this report")
    # A test goes to somebody who wants to see it, whatever they said before.
    assert world.arrived() == {"ada@example.org": 1, "bob@example.org": 2}


def tell(port: int, path: str) -> None:
    """Bring the notice as a mail server does; what nobody was asked for is refused."""
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as server:
        server.ehlo()
        assert int(server.esmtp_features["size"]) == 1_000_000
        server.mail("")
        for stranger in ("postmaster@reports.example.org", f"x{path}", path.replace("+", "+a")):
            assert server.rcpt(stranger)[0] == 550
        assert server.rcpt(path)[0] == 250
        assert server.rcpt(path)[0] == 452
        assert server.data(NOTICE.format(path=path))[0] == 250
        holiday = f"From: ada@example.org\nTo: {path}\nAuto-Submitted: auto-replied\nSubject: Away\n\nBye.\n"
        assert server.sendmail("ada@example.org", [path], holiday) == {}
        with pytest.raises(smtplib.SMTPException):
            server.sendmail("ada@example.org", [path], "Subject: x\n\n" + "x" * 70 + "\n" * 1_000_001)


def one_click(folder: Path, broker_url: str, header: str) -> None:
    """What a mail program does with the header of the letter, with a real api behind the link."""
    settings = ApiSettings(
        broker_url=broker_url,
        seal_keys=KEYS,
        api_store_url=f"sqlite:///{folder}/records.sqlite",
        artifacts_url=str(folder / "artifacts"),
    )
    records = Store(settings.api_store_url)
    migrate(records, "services.api.migrations")
    storage = ArtifactStorage(settings.artifacts_url)
    platform = Platform(settings, records, Sealer(KEYS), storage, Health({}, {}), utc_now)
    relay = Relay("api", records, broker_url, Topology())
    relay.start()
    try:
        with TestClient(make_app(platform)) as client:
            link = header.strip("<>").removeprefix("https://reports.example.org")
            assert "Unsubscribe from this report" in client.get(link).text
            assert client.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
        until(lambda: published(records), "what the recipient said has left")
    finally:
        relay.stop(60)
        records.dispose()


def published(records: Store) -> bool:
    with records.read() as session:
        count = session.connection().exec_driver_sql("SELECT count(*) FROM outbox WHERE published_at IS NULL").scalar()
        return count == 0
