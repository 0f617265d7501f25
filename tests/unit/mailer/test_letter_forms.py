"""The size ladder: files, an archive, links; whatever fits first, and the letter says why."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import random
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from letter_world import (
    CONTENTS,
    DESK,
    KEYS,
    PUBLIC_URL,
    STORAGE,
    WRITTEN_AT,
    files_of,
    letter_of,
    manner,
    stored,
    text_of,
    without_links,
)

from libs.common import links
from libs.common.delivering import Manner
from libs.common.errors import PermanentFailure
from libs.common.links import Link
from libs.common.messages import DeliverReport
from libs.common.storage import ArtifactStorage
from services.mailer.desk import Desk
from services.mailer.mime import base64_lines, base64_size

MakeCommand = Callable[..., DeliverReport]

TEXT = b"carrier,delay\r\n" * 4_000
NOISE = random.Random(7).randbytes(60_000)
SMALL = 30_000


def words_of(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.parametrize("count", [0, 1, 2])
def test_the_size_of_a_letter_is_known_to_the_byte(make_command: MakeCommand, count: int) -> None:
    [book, table] = make_command().artifacts
    command = make_command(artifacts=(book, msgspec.structs.replace(table, format="pdf"))[:count])  # neither shrinks
    whole = letter_of(command, without_links())
    assert letter_of(command, without_links(), limit=len(whole.content)) == whole
    with pytest.raises(PermanentFailure, match=r"at most [\d.]+ KB may be sent"):
        letter_of(command, without_links(), limit=len(whole.content) - 1)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 200), st.integers(233_000, 234_000)), max_size=4))
def test_base64_has_the_size_that_was_counted_and_lines_that_every_server_takes(sizes: list[int]) -> None:
    pieces = [bytes([number]) * size for number, size in enumerate(sizes)]
    lines = b"".join(base64_lines(pieces))
    assert len(lines) == base64_size(sum(sizes))
    assert base64.b64decode(lines) == b"".join(pieces)
    assert all(len(line) <= 76 for line in lines.split(b"\r\n"))


def test_files_that_are_too_large_come_in_an_archive(make_command: MakeCommand) -> None:
    artifacts = (stored("sales-week.csv", TEXT), stored("sales-day.csv", TEXT + b"UA,1\r\n"))
    command = make_command(artifacts=artifacts)
    letter = letter_of(command, limit=SMALL)
    assert letter.form == "zip"
    assert len(letter.content) <= SMALL
    [(name, archive)] = files_of(letter).items()
    assert name == "sales.zip"
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert {one: opened.read(one) for one in opened.namelist()} == {
            "sales-week.csv": TEXT,
            "sales-day.csv": TEXT + b"UA,1\r\n",
        }
    text = words_of(text_of(letter))
    assert re.search(r"The files are too large for a letter \(170(\.\d)? KB of at most 30 KB\), so they come", text)
    assert "sales-week.csv, sales-day.csv" in text
    assert letter == letter_of(command, limit=SMALL)


def test_files_that_do_not_shrink_are_linked(make_command: MakeCommand) -> None:
    artifacts = (stored("noise.csv", NOISE), stored("text.csv", TEXT))
    letter = letter_of(make_command(artifacts=artifacts, timezone="Europe/Berlin"), limit=SMALL)
    assert letter.form == "link"
    assert files_of(letter) == {}
    text = words_of(text_of(letter))
    assert re.search(
        r"The files are too large for a letter \(170(\.\d)? KB of at most 30 KB\), so here are links; "
        r"they work until Monday, 16 March 2026, 08:00 Europe/Berlin\.",
        text,
    )
    assert "Whoever has a link can download its file." in text


def test_nothing_is_read_of_files_that_can_only_be_linked(make_command: MakeCommand) -> None:
    other = msgspec.structs.replace(stored("book.xlsx", b"other", "xlsx"), size_bytes=30_000_000, sha256="0" * 64)
    assert letter_of(make_command(artifacts=(other,))).form == "link"
    with pytest.raises(PermanentFailure, match=r"book\.xlsx in the artifact storage is not the one that was made"):
        letter_of(make_command(artifacts=(msgspec.structs.replace(other, size_bytes=5),)))


def test_an_archive_is_not_made_of_a_file_that_was_exchanged(make_command: MakeCommand) -> None:
    other = msgspec.structs.replace(stored("sales.csv", TEXT), sha256="0" * 64)
    with pytest.raises(PermanentFailure, match="its SHA-256 differs"):
        letter_of(make_command(artifacts=(other,)), limit=SMALL)


def test_a_large_file_takes_little_more_memory_than_its_letter(make_command: MakeCommand, tmp_path: Path) -> None:
    storage = ArtifactStorage(str(tmp_path))
    large = stored("large.csv", b"")
    content = os.urandom(512) * 12_000
    storage.put("large", content)
    artifact = msgspec.structs.replace(large, key="large", size_bytes=len(content), sha256=_sha256(content))
    del content
    desk, command = Desk(storage=storage), make_command(artifacts=(artifact,))
    for limit, form in ((4_000_000, "zip"), (None, "files")):
        tracemalloc.start()
        try:
            letter = letter_of(command, desk, limit=limit)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert letter.form == form
        assert peak < len(letter.content) * 1.3 + 4_000_000  # a buffer that grows takes an eighth more than it needs


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_links_lead_to_the_files_and_end_with_them(make_command: MakeCommand) -> None:
    expires_at = WRITTEN_AT + timedelta(days=3)
    command = manner(make_command(expires_at=expires_at), attach="link")
    letter = letter_of(command)
    assert letter.form == "link"
    assert "The links work until Thursday, 5 March 2026, 07:00 UTC." in words_of(text_of(letter))
    found = re.findall(r'href="https://reports\.example\.org/pressroom/api/v1/links/([\w-]+)"', text_of(letter, "html"))
    assert [links.read(KEYS, token, WRITTEN_AT) for token in found] == [
        Link(
            kind="file",
            report_id=command.report_id,
            delivery_id=command.delivery_id,
            artifact_key=artifact.key,
            address="ada@example.org",
            expires_at=expires_at,
        )
        for artifact in command.artifacts
    ]
    for token in found:
        assert f"{PUBLIC_URL}api/v1/links/{token}" in text_of(letter)


@pytest.mark.parametrize(("days", "kept", "worked"), [(14, 30, 14), (7, 30, 7), (14, 10, 10), (14, None, 14)])
def test_links_work_as_long_as_they_may(make_command: MakeCommand, days: int, kept: int | None, worked: int) -> None:
    desk = Desk(storage=STORAGE, link_days=days)
    expires_at = None if kept is None else WRITTEN_AT + timedelta(days=kept)
    assert desk.links_end_at(make_command(expires_at=expires_at), WRITTEN_AT) == WRITTEN_AT + timedelta(days=worked)


@pytest.mark.parametrize("what", ["expired", "gone"])
def test_nobody_gets_links_to_files_that_are_gone(make_command: MakeCommand, what: str) -> None:
    command = manner(make_command(), attach="link")
    gone = msgspec.structs.replace(command.artifacts[0], key="reports/gone")
    changed = {"expires_at": WRITTEN_AT} if what == "expired" else {"artifacts": (gone,)}
    with pytest.raises(PermanentFailure, match="there is nothing to link to"):
        letter_of(msgspec.structs.replace(command, **changed))


@pytest.mark.parametrize(
    ("attach", "sentence"),
    [
        ("files", "The letter would have [0-9.]+ KB, and at most 2 KB may be sent: PRESSROOM_PUBLIC_URL must be set"),
        ("link", "The files are to be linked and not attached: PRESSROOM_PUBLIC_URL must be set"),
    ],
)
def test_without_a_public_url_a_letter_that_needs_links_is_refused(
    make_command: MakeCommand, attach: str, sentence: str
) -> None:
    with pytest.raises(PermanentFailure, match=sentence):
        letter_of(manner(make_command(), attach=attach), without_links(), limit=2_000)


def test_a_letter_that_is_too_large_without_files_is_refused(make_command: MakeCommand) -> None:
    with pytest.raises(PermanentFailure, match=r"has [\d.]+ KB even without its files, and at most 2 KB may be sent"):
        letter_of(make_command(), limit=2_000)


def test_an_archive_that_was_asked_for_needs_no_excuse(make_command: MakeCommand) -> None:
    letter = letter_of(manner(make_command(), attach="zip"))
    assert letter.form == "zip"
    [(name, archive)] = files_of(letter).items()
    assert name == "delays.zip"
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert [opened.read(one) for one in opened.namelist()] == list(CONTENTS.values())
    assert "too large" not in text_of(letter)


def test_an_archive_is_not_packed_again(make_command: MakeCommand) -> None:
    packed = stored("sales.zip", b"PK", "zip")
    letter = letter_of(manner(make_command(artifacts=(packed,)), attach="zip"))
    assert (letter.form, files_of(letter)) == ("files", {"sales.zip": b"PK"})


def test_files_of_the_same_name_are_all_in_the_archive(make_command: MakeCommand) -> None:
    artifacts = (stored("a.csv", b"1"), stored("a.csv", b"2"))
    letter = letter_of(manner(make_command(artifacts=artifacts, title="Two of them"), attach="zip"))
    [(name, archive)] = files_of(letter).items()
    assert name == "Two of them.zip"
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert {one: opened.read(one) for one in opened.namelist()} == {"a.csv": b"1", "2-a.csv": b"2"}


@pytest.mark.parametrize(
    ("megabytes", "limit", "most"), [(20, None, 20_000_000), (20, 10_000_000, 10_000_000), (5, 10_000_000, 5_000_000)]
)
def test_the_smallest_limit_counts(megabytes: float, limit: int | None, most: int) -> None:
    assert Desk(storage=STORAGE, max_megabytes=megabytes).most_bytes(limit) == most


def test_the_letter_says_why_in_its_own_language(make_command: MakeCommand) -> None:
    command = make_command(artifacts=(stored("noise.csv", NOISE),), locale="de_AT")
    text = words_of(text_of(letter_of(command, DESK, limit=SMALL)))
    assert "Die Dateien sind zu groß für eine E-Mail" in text
    assert "sie gelten bis Montag, 16. März 2026, 07:00 UTC." in text


def test_a_manner_without_files_has_a_letter_of_each_form(make_command: MakeCommand) -> None:
    for attach in ("files", "zip", "link"):
        letter = letter_of(make_command(artifacts=(), manner=Manner(attach=attach)), without_links())
        assert "Your report “Delays by carrier” is ready." in text_of(letter)
