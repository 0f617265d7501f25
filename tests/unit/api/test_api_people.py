"""Tokens: shown once, kept as a digest, made at set-up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from litestar.testing import TestClient
from sqlalchemy import select

from libs.common.errors import SettingsError
from libs.common.settings import load
from libs.common.store import Store
from services.api.people import caller_of, create_token, keep_admin_token
from services.api.settings import ApiSettings
from services.api.tables import TokenRow, UserRow

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
ADMIN_TOKEN = "a-token-of-24-characters"


def test_a_token_names_its_user_and_is_not_kept(records: Store) -> None:
    token = create_token(records, "ann", NOW)
    caller = caller_of(records, token)
    assert caller is not None
    assert caller.name == "ann"
    with records.read() as session:
        assert token not in str(session.execute(select(TokenRow.sha256)).scalars().all())


def test_a_user_may_have_several_tokens(records: Store) -> None:
    first, second = create_token(records, "ann", NOW), create_token(records, "ann", NOW)
    assert first != second
    assert caller_of(records, first) == caller_of(records, second)
    with records.read() as session:
        assert session.execute(select(UserRow.name)).scalars().all() == ["ann"]


def test_an_unknown_token_is_nobody(records: Store) -> None:
    create_token(records, "ann", NOW)
    assert caller_of(records, "something else") is None


def test_the_token_of_the_settings_is_the_admin_from_every_start_on(records: Store) -> None:
    for _ in range(2):
        keep_admin_token(records, ADMIN_TOKEN, NOW)
        caller = caller_of(records, ADMIN_TOKEN)
        assert caller is not None
        assert caller.name == "admin"


def test_a_new_token_in_the_settings_replaces_the_former_one_only(records: Store) -> None:
    created = create_token(records, "admin", NOW)
    keep_admin_token(records, ADMIN_TOKEN, NOW)
    keep_admin_token(records, "another-token-of-24-chars", NOW)
    assert caller_of(records, ADMIN_TOKEN) is None
    assert caller_of(records, "another-token-of-24-chars") == caller_of(records, created)


def test_a_token_opens_the_api(anonymous: TestClient[Any], records: Store) -> None:
    keep_admin_token(records, ADMIN_TOKEN, NOW)
    answer = anonymous.get("/api/v1/sources", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    assert answer.status_code == 200


def test_a_short_admin_token_is_refused_at_the_door() -> None:
    environ = {
        "PRESSROOM_BROKER_URL": "amqp://localhost",
        "PRESSROOM_SEAL_KEYS": "key",
        "PRESSROOM_ADMIN_TOKEN": "too-short-to-be-a-secret",
    }
    assert load(ApiSettings, environ).admin_token == "too-short-to-be-a-secret"
    with pytest.raises(SettingsError) as refused:
        load(ApiSettings, {**environ, "PRESSROOM_ADMIN_TOKEN": "23-characters-are-short"})
    assert "PRESSROOM_ADMIN_TOKEN is wrong" in str(refused.value)
    assert "at least 24 characters" in str(refused.value)
    assert "23-characters" not in str(refused.value)
