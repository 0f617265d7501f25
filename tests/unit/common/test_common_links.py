"""Links in letters: signed by us, readable by whoever has one of the keys, good for their time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.common.errors import PermanentFailure, SettingsError
from libs.common.links import Link, LinkExpired, LinkForged, file_url, link_id, mint, read
from libs.common.sealing import new_key

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
OLD, NEW = new_key(), new_key()
FILE = Link(
    kind="file",
    report_id=UUID(int=1),
    delivery_id=UUID(int=2),
    artifact_key="1/sales ä.xlsx",
    address="ann@example.org",
    expires_at=NOW + timedelta(days=14),
)
UNSUBSCRIBE = Link(kind="unsubscribe", address="ann@example.org", schedule_id=UUID(int=3))


@pytest.mark.parametrize("link", [FILE, UNSUBSCRIBE, Link(kind="unsubscribe", address="ü@müller.example")])
def test_a_link_says_what_it_is_for(link: Link) -> None:
    token = mint(NEW, link)
    assert read(NEW, token, NOW) == link
    assert token == mint(NEW, link)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert len(token) < 250


def test_a_key_can_be_replaced() -> None:
    token = mint(OLD, FILE)
    assert read(f"{NEW}, {OLD}", token, NOW) == FILE
    assert mint(f"{NEW},{OLD}", FILE) == mint(NEW, FILE)
    with pytest.raises(LinkForged):
        read(NEW, token, NOW)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_changed_token_is_forged(data: st.DataObject) -> None:
    token = mint(NEW, FILE)
    place = data.draw(st.integers(0, len(token) - 1))
    other = data.draw(st.sampled_from("Aa0-_=%é\n").filter(lambda sign: sign != token[place]))
    with pytest.raises(LinkForged, match="not complete, or was not made here"):
        read(NEW, token[:place] + other + token[place + 1 :], NOW)


def test_what_is_no_token_is_forged() -> None:
    token = mint(NEW, FILE)
    nobody_signed = base64.urlsafe_b64encode(bytes(32) + b"payload").decode()
    for text in ("", "A", "é", token[:-1], f"{token}A", f"{token}=", "A" * 100_000, nobody_signed):
        with pytest.raises(LinkForged) as refused:
            read(NEW, text, NOW)
        assert isinstance(refused.value, PermanentFailure)


def test_a_link_has_its_time() -> None:
    token = mint(NEW, FILE)
    assert FILE.expires_at is not None
    assert read(NEW, token, FILE.expires_at - timedelta(seconds=1)) == FILE
    with pytest.raises(LinkExpired, match="worked until 2026-03-16 08:00 UTC") as over:
        read(NEW, token, FILE.expires_at)
    assert over.value.link == FILE
    assert read(NEW, mint(NEW, UNSUBSCRIBE), NOW + timedelta(days=10_000)) == UNSUBSCRIBE


def test_a_renewed_link_counts_as_the_same() -> None:
    renewed = msgspec.structs.replace(FILE, expires_at=NOW, generation=3)
    assert link_id(renewed) == link_id(FILE)
    others = [
        msgspec.structs.replace(FILE, delivery_id=UUID(int=9)),
        msgspec.structs.replace(FILE, artifact_key="1/other.xlsx"),
        UNSUBSCRIBE,
        msgspec.structs.replace(UNSUBSCRIBE, address="bob@example.org"),
        msgspec.structs.replace(UNSUBSCRIBE, schedule_id=None),
    ]
    assert len({link_id(one) for one in [FILE, *others]}) == 6


def test_what_is_no_key_is_named() -> None:
    for keys in ("", ",", "short", "x" * 44):
        with pytest.raises(SettingsError, match="PRESSROOM_SEAL_KEYS"):
            mint(keys, FILE)


def test_the_url_begins_where_the_api_is_reached() -> None:
    assert file_url("https://reports.example.org/", "T") == "https://reports.example.org/api/v1/links/T"
    assert file_url("https://example.org/reports", "T") == "https://example.org/reports/api/v1/links/T"
    assert file_url("", "T") == "/api/v1/links/T"
