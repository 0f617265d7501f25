"""Users say what they are called and where letters reach them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from libs.common.errors import SettingsError
from libs.common.store import Store
from services.api.people import create_token, keep_admin_token

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


def test_users_change_themselves_and_their_schedules_follow(with_template: Any, schedule: dict[str, Any]) -> None:
    api = with_template
    token = create_token(api.records, "ann", NOW, "Ann@Example.org")
    api.client.headers["Authorization"] = f"Bearer {token}"
    me = api.get("/me/").json()
    assert (me["name"], me["email"]) == ("ann", "ann@example.org")
    made = api.made("/reports/schedules", schedule)
    assert made["owner"] == "ann"

    changed = api.patch("/me", {"name": "Ann B.", "email": " ann.b@example.org"})
    assert (changed.status_code, changed.json()["name"], changed.json()["email"]) == (
        200,
        "Ann B.",
        "ann.b@example.org",
    )
    assert api.get(f"/reports/schedules/{made['id']}").json()["owner"] == "Ann B."
    assert api.patch("/me", {"email": ""}).json()["email"] == ""


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"email": "ann"}, 422, "email must be an e-mail address"),
        ({"email": "ann@example.org\n"}, 200, ""),
        ({"email": None}, 422, "email must be an e-mail address"),
        ({"name": ""}, 422, "one line"),
        ({"name": "bob"}, 409, "There is a user with the name bob already"),
        ({"name": "admin"}, 409, "There is a user with the name admin already"),
        ({"token": "x"}, 422, "not a field here"),
    ],
)
def test_what_they_say_is_checked(api: Any, body: dict[str, Any], status: int, words: str) -> None:
    create_token(api.records, "bob", NOW)
    api.client.headers["Authorization"] = f"Bearer {create_token(api.records, 'ann', NOW)}"
    answer = api.patch("/me", body)
    assert answer.status_code == status, answer.text
    assert words in answer.text


def test_the_admin_keeps_the_name_that_the_settings_give(api: Any) -> None:
    assert api.patch("/me", {"name": "root"}).status_code == 409


def test_the_address_of_the_settings_counts_until_there_is_another(api: Any) -> None:
    keep_admin_token(api.records, "a-token-of-24-characters", NOW, "First@Example.org")
    assert api.get("/me").json()["email"] == "first@example.org"
    api.patch("/me", {"email": "own@example.org"})
    keep_admin_token(api.records, "a-token-of-24-characters", NOW, "first@example.org")
    assert api.get("/me").json()["email"] == "own@example.org"


def test_a_wrong_address_is_named_at_the_door(records: Store) -> None:
    with pytest.raises(SettingsError, match="--email must be an e-mail address"):
        create_token(records, "ann", NOW, "ann@")
    with pytest.raises(SettingsError, match="PRESSROOM_ADMIN_EMAIL must be an e-mail address"):
        keep_admin_token(records, "a-token-of-24-characters", NOW, "ann@localhost")
