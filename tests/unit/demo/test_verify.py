from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from uuid import uuid4

import pytest

from demo.letters import Letter, read_letters
from demo.tables import Table
from demo.verify import Content, strangers, verify
from libs.client.answers import Artifact, Delivery
from libs.common.errors import PermanentFailure
from libs.mailsink.folder import Envelope, LetterFolder

EXPECTED = Table(headings=["airline", "flights"], rows=[("UA", 3), ("AA", 4)])
CSV = b"airline,flights\r\nUA,3\r\nAA,4\r\n"
PDF = b"%PDF-1.4 the flights %%EOF\n"


def delivery(address: str) -> Delivery:
    return Delivery(id=uuid4(), address=address, state="sent", attempt=1, reason="", answer="250 OK")


ADA, GRACE = delivery("ada@example.org"), delivery("grace@example.com")


def recorded(**files: bytes) -> list[Artifact]:
    return [
        Artifact(
            filename=f"flights.{kind}",
            format=kind,
            media_type="application/octet-stream",
            rows=2,
            size_bytes=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            url="/",
        )
        for kind, content in files.items()
    ]


class Mailbox:
    """A folder in which letters arrive."""

    def __init__(self, folder: Path) -> None:
        self.folder = LetterFolder(folder)

    def receive(self, delivery: Delivery, to: str = "", **files: bytes) -> None:
        message = EmailMessage()
        message["Message-ID"], message["Subject"] = f"<{delivery.id}@pressroom>", "Flights"
        message.set_content("Hello,")
        for kind, content in files.items():
            message.add_attachment(content, maintype="application", subtype=kind, filename=f"flights.{kind}")
        envelope = Envelope(
            sender="reports@example.org",
            recipients=(to or delivery.address,),
            received_at=datetime(2026, 1, 1, tzinfo=UTC),
            peer="127.0.0.1",
            encrypted=False,
        )
        self.folder.keep(message.as_bytes(), envelope, uuid4())

    def verify(self, deliveries: list[Delivery], files: list[Artifact]) -> list[Letter]:
        return verify(deliveries, files, Content(tables={"Flights": EXPECTED}), read_letters(self.folder.folder))


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


def test_letters_that_are_as_recorded_pass(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV, pdf=PDF)
    mailbox.receive(GRACE, csv=CSV, pdf=PDF)

    letters = mailbox.verify([ADA, GRACE], recorded(csv=CSV, pdf=PDF))

    assert [letter.recipients for letter in letters] == [("ada@example.org",), ("grace@example.com",)]


def test_a_missing_letter_is_named(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV)

    with pytest.raises(PermanentFailure, match=r"grace@example.com came 0 times"):
        mailbox.verify([ADA, GRACE], recorded(csv=CSV))


def test_a_letter_that_came_twice_is_named(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV)
    mailbox.receive(ADA, csv=CSV)

    with pytest.raises(PermanentFailure, match=r"ada@example.org came 2 times"):
        mailbox.verify([ADA], recorded(csv=CSV))


def test_a_letter_that_went_to_somebody_else_is_named(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, to="eve@example.net", csv=CSV)

    with pytest.raises(PermanentFailure, match=r"went to eve@example.net"):
        mailbox.verify([ADA], recorded(csv=CSV))


def test_a_file_that_changed_on_the_way_is_found(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV + b" ")

    with pytest.raises(PermanentFailure, match="not those of the record"):
        mailbox.verify([ADA], recorded(csv=CSV))


def test_a_file_that_did_not_come_is_found(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV)

    with pytest.raises(PermanentFailure, match="not those of the record"):
        mailbox.verify([ADA], recorded(csv=CSV, pdf=PDF))


def test_a_file_with_other_numbers_than_the_database_is_found(mailbox: Mailbox) -> None:
    wrong = CSV.replace(b"4", b"5")
    mailbox.receive(ADA, csv=wrong)

    with pytest.raises(PermanentFailure, match="row 2 differs from 'flights' on"):
        mailbox.verify([ADA], recorded(csv=wrong))


def test_half_a_pdf_is_found(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, pdf=PDF[:10])

    with pytest.raises(PermanentFailure, match="no whole PDF"):
        mailbox.verify([ADA], recorded(pdf=PDF[:10]))


def test_letters_that_nobody_recorded_are_strangers(mailbox: Mailbox) -> None:
    mailbox.receive(ADA, csv=CSV)
    mailbox.receive(GRACE, csv=CSV)

    (stranger,) = strangers(read_letters(mailbox.folder.folder), [ADA])

    assert "grace@example.com" in stranger.name
