"""Tests of destinations: a few words and a small file are sent there, and its owner is told what came of it."""

from __future__ import annotations

import hashlib
import time
from datetime import datetime
from uuid import UUID

from libs.common.delivering import Destination
from libs.common.errors import PressroomError
from libs.common.messages import DestinationTested, TestDestination
from libs.common.outbox import Outbox
from services.mailer.channels.parcel import Parcel, ParcelFile
from services.mailer.channels.sender import Places
from services.mailer.clerk import Clerk
from services.mailer.senders import Receipt

_CONTENT = b"Pressroom can write here.\n"
_FILENAME = "pressroom-test.txt"


async def try_destination(command: TestDestination, places: Places, clerk: Clerk) -> None:
    """Send a test and announce what came of it. Doing it again sends it again; the first answer counts."""
    started = time.monotonic()
    try:
        parcel = parcel_for_test(command.test_id, command.destination, places.clock())
        receipt = await places.bring(parcel, command.destination, _nothing_to_claim)
        is_ok, sentences = True, _good_news(command.destination, receipt)
    except PressroomError as failure:
        is_ok, sentences = False, (str(failure),)
    seconds, now = time.monotonic() - started, places.clock()
    told = DestinationTested(at=now, test_id=command.test_id, ok=is_ok, sentences=sentences, seconds=seconds)
    await clerk.ask(lambda session: Outbox(session, now).add(told))


def parcel_for_test(test_id: UUID, destination: Destination, now: datetime) -> Parcel:
    """What a test brings; nobody may mistake it for a report."""
    file = ParcelFile(
        filename=_FILENAME,
        format="txt",
        media_type="text/plain",
        rows=None,
        size_bytes=len(_CONTENT),
        sha256=hashlib.sha256(_CONTENT).hexdigest(),
        pieces=lambda: iter((_CONTENT,)),
    )
    return Parcel(
        id=test_id,
        kind="test",
        title=f"Test of {destination.name}",
        paragraphs=("If you can read this, reports can be sent here.",),
        files=(file,) if destination.attach or destination.kind in ("folder", "sftp") else (),
        made_at=now,
    )


async def _nothing_to_claim() -> None:
    """A test has no line in the ledger."""


def _good_news(destination: Destination, receipt: Receipt) -> tuple[str, ...]:
    how = "with a small file" if receipt.form == "files" else "without a file"
    answer = f"The answer was: {receipt.answer}." if str(receipt.answer) else ""
    return tuple(filter(None, (f"{destination.name} ({destination.shown}) took the test, {how}.", answer)))
