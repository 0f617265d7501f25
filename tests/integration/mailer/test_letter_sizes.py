"""Letters to a mail server that takes at most ten megabytes."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from libs.common.messages import Artifact, DeliverReport, FileFormat, Recipient
from libs.common.sealing import new_key
from libs.common.storage import ArtifactStorage
from libs.mailsink import MailSink
from services.mailer.desk import Desk
from services.mailer.mailbox import parse_mailbox
from services.mailer.post import Post
from services.mailer.profiles import Profiles
from services.mailer.senders import Errand, Receipt
from services.mailer.server import parse_server, tls_context
from services.mailer.smtp import Timeouts

SIZE = 10_000_000
NOW = datetime(2026, 3, 2, 7, tzinfo=UTC)
NOISE = random.Random(3).randbytes(12_000_000)
ROWS = b"2026-03-02,North,1204\r\n" * 500_000


@pytest.fixture
def sink(tmp_path: Path) -> Iterator[MailSink]:
    with MailSink(tmp_path / "letters", size_limit_bytes=SIZE) as sink:
        yield sink


def test_what_the_server_does_not_take_goes_down_the_ladder(sink: MailSink, tmp_path: Path) -> None:
    storage = ArtifactStorage(str(tmp_path / "artifacts"))
    commands = [
        command(storage, "book.xlsx", NOISE, "xlsx"),
        command(storage, "rows.csv", ROWS, "csv"),
        command(storage, "few.csv", b"1\r\n", "csv"),
        command(storage, "more.xlsx", NOISE + NOISE + NOISE[:6_000_000], "xlsx"),
    ]

    receipts = asyncio.run(send_all(sink, storage, commands))

    assert [receipt.form for receipt in receipts] == ["link", "zip", "files", "link"]
    arrived = {letter.message["Message-ID"]: letter for letter in sink.letters()}
    letters = [arrived[message_id(one)] for one in commands]
    assert [len(letter.raw) for letter in letters] == [receipt.bytes for receipt in receipts]
    assert all(receipt.bytes < SIZE for receipt in receipts)
    book, rows, few, more = [letter.message for letter in letters]
    assert "(16.4 MB of at most 10 MB), so here are links" in said(book)
    assert "(15.7 MB of at most 10 MB), so they come in one archive" in said(rows)
    [packed] = rows.iter_attachments()
    with zipfile.ZipFile(io.BytesIO(packed.get_payload(decode=True))) as archive:
        assert archive.read("rows.csv") == ROWS
    assert "too large" not in said(few)
    assert "(41.1 MB of at most 10 MB), so here are links" in said(more)


def message_id(command: DeliverReport) -> str:
    return f"<{command.delivery_id}@example.org>"


def said(message: object) -> str:
    body = message.get_body(("plain",))  # type: ignore[attr-defined]
    return " ".join(body.get_content().split())


async def send_all(sink: MailSink, storage: ArtifactStorage, commands: list[DeliverReport]) -> list[Receipt]:
    profiles = Profiles(
        parse_server(sink.url),
        tls_context(""),
        parse_mailbox("Reports <reports@example.org>"),
        opened=str,
        timeouts=Timeouts(command=60, data=60),
    )
    post = Post(profiles, Desk(storage=storage, seal_keys=new_key(), public_url="https://reports.example.org"))
    dots = []

    async def before_final() -> None:
        dots.append(1)

    receipts = [
        await post.send(Errand(command=one, message_id=message_id(one), written_at=NOW, attempt=1), before_final)
        for one in commands
    ]
    assert len(dots) == len(commands)  # what was refused for its size was refused before its end
    return receipts


def command(storage: ArtifactStorage, name: str, content: bytes, kind: FileFormat) -> DeliverReport:
    storage.put(name, content)
    artifact = Artifact(
        key=name,
        filename=name,
        format=kind,
        media_type="application/octet-stream",
        size_bytes=len(content),
        rows=1,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return DeliverReport(
        delivery_id=UUID(bytes=hashlib.md5(name.encode()).digest()),
        report_id=UUID(int=1),
        title="Sales",
        channel="email",
        recipient=Recipient(address="ada@example.org"),
        artifacts=(artifact,),
        generated_at=NOW,
    )
